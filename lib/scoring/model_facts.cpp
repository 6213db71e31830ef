#include "scoring/model_facts.h"

#include <nlohmann/json.hpp>

namespace mlpipe {

using nlohmann::json;

std::string to_json(const ModelFacts& facts) {
  const json value{{"format", facts.format},
                   {"device", facts.device},
                   {"batch_size", facts.batch_size},
                   {"smallest_batch", facts.smallest_batch},
                   {"largest_batch", facts.largest_batch},
                   {"measured", facts.measured},
                   {"notes", facts.notes}};
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ModelFacts> model_facts_from_json(std::string_view text) {
  try {
    const json value = json::parse(text);
    return ModelFacts{value.at("format"), value.at("device"), value.at("batch_size"), value.value("smallest_batch", std::size_t{1}),
                      value.value("largest_batch", SIZE_MAX), value.at("measured"), value.at("notes")};
  } catch (const json::exception& error) {
    return Error{ErrorKind::step_failed, std::string("a scoring module's facts cannot be read: ") + error.what(), ""};
  }
}

}  // namespace mlpipe
