// Any bytes as one line of printable UTF-8, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mlpipe {

// Backslashes, control bytes and what is not UTF-8 become \xHH.
std::string escape(std::string_view bytes);
// Nothing: not something that escape makes.
std::optional<std::string> unescape(std::string_view text);

}  // namespace mlpipe
