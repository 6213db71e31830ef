#include "scoring/configuration.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mlpipe {

NLOHMANN_JSON_SERIALIZE_ENUM(ScoringInput, {{ScoringInput::image, "image"}, {ScoringInput::table, "table"}, {ScoringInput::array, "array"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Numerics, {{Numerics::strict, "strict"}, {Numerics::fast, "fast"}})

namespace {

using nlohmann::json;

// A file name is bytes, JSON is UTF-8: a name that is not becomes a list of numbers.
json from_bytes(const std::string& text) {
  if (!invalid_utf8(text)) return text;
  return std::vector<std::uint8_t>(text.begin(), text.end());
}

std::string to_bytes(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  const auto bytes = value.get<std::vector<std::uint8_t>>();
  return {bytes.begin(), bytes.end()};
}

json to_json(const ImageSpec& image) {
  return {{"resize", image.resize}, {"crop", image.crop}, {"mode", image.mode}, {"mean", image.mean}, {"std", image.std}};
}

ImageSpec image_from(const json& value) {
  ImageSpec image;
  value.at("resize").get_to(image.resize);
  value.at("crop").get_to(image.crop);
  value.at("mode").get_to(image.mode);
  value.at("mean").get_to(image.mean);
  value.at("std").get_to(image.std);
  return image;
}

ScoringConfiguration configuration_from(const json& value) {
  ScoringConfiguration configuration;
  configuration.model = to_bytes(value.at("model"));
  Scoring& scoring = configuration.scoring;
  value.at("input").get_to(scoring.input);
  scoring.image = image_from(value.at("image"));
  value.at("columns").get_to(scoring.columns);
  scoring.output.value = to_bytes(value.at("output"));
  value.at("batch_size").get_to(scoring.batch_size);
  value.at("numerics").get_to(scoring.numerics);
  value.at("device").get_to(scoring.device);
  return configuration;
}

}  // namespace

std::string to_json(const ScoringConfiguration& configuration) {
  const Scoring& scoring = configuration.scoring;
  const json value{{"model", from_bytes(configuration.model)},
                   {"input", scoring.input},
                   {"image", to_json(scoring.image)},
                   {"columns", scoring.columns},
                   {"output", from_bytes(scoring.output.value)},
                   {"batch_size", scoring.batch_size},
                   {"numerics", scoring.numerics},
                   {"device", scoring.device}};
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ScoringConfiguration> scoring_configuration_from_json(std::string_view text) {
  try {
    return configuration_from(json::parse(text));
  } catch (const json::exception& error) {
    return Error{ErrorKind::spec, std::string("malformed scoring configuration: ") + error.what(), ""};
  }
}

}  // namespace mlpipe
