#include "scoring/model_facts.h"

#include <nlohmann/json.hpp>

namespace mlpipe {

using nlohmann::json;

std::string to_json(const ModelFacts& facts) {
  const json value{{"format", facts.format}, {"device", facts.device}, {"batch_size", facts.batch_size}, {"measured", facts.measured}, {"notes", facts.notes}};
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ModelFacts> model_facts_from_json(std::string_view text) {
  try {
    const json value = json::parse(text);
    return ModelFacts{value.at("format"), value.at("device"), value.at("batch_size"), value.at("measured"), value.at("notes")};
  } catch (const json::exception& error) {
    return Error{ErrorKind::step_failed, std::string("a scoring module's facts cannot be read: ") + error.what(), ""};
  }
}

}  // namespace mlpipe
