// Plain scalars by YAML 1.1, as Python's yaml reads them and Azure's tools with it: yes is true, 010 is 8, 1_000 is 1000.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mlpipe::spec {

// Also yes, no, on and off.
std::optional<bool> as_loose_boolean(std::string_view text);
// What Python writes for it: "True" for yes, "0.1" for 0.10. A text stays as it is; so do times of day, which are whole numbers there.
std::string as_python_writes(std::string_view text);

}  // namespace mlpipe::spec
