#include "report/json_document.h"

namespace mlpipe {

nlohmann::ordered_json json_document(std::string_view kind) { return {{"schema", 1}, {"kind", kind}}; }

std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace mlpipe
