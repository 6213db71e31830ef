// The frame of every JSON document and line that mlpipe writes: {"schema": 1, "kind": "plan", ...}. `kind` says which of the definitions
// in docs/output.schema.json it keeps to, `schema` in which version. A key may be added within a version; readers pass over those that
// they do not know. One that goes or changes its meaning makes a new version of that kind.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace mlpipe {

nlohmann::ordered_json json_document(std::string_view kind);

// On one line, without its end. Text that is not UTF-8 has U+FFFD in place of what is not.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace mlpipe
