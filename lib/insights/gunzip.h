// gzip'd bodies of requests.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mlpipe::insights {

// Nothing: it is damaged, or more than `most` bytes when unpacked.
std::optional<std::string> gunzip(std::string_view packed, std::size_t most);

}  // namespace mlpipe::insights
