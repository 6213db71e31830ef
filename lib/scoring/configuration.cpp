#include "scoring/configuration.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mlpipe {

NLOHMANN_JSON_SERIALIZE_ENUM(ScoringInput, {{ScoringInput::image, "image"}, {ScoringInput::table, "table"}, {ScoringInput::array, "array"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Numerics, {{Numerics::strict, "strict"}, {Numerics::fast, "fast"}})
NLOHMANN_JSON_SERIALIZE_ENUM(ImageLayout, {{ImageLayout::chw, "chw"}, {ImageLayout::hwc, "hwc"}})
NLOHMANN_JSON_SERIALIZE_ENUM(ValueType, {{ValueType::float32, "float32"}, {ValueType::int64, "int64"}})
NLOHMANN_JSON_SERIALIZE_ENUM(RowFormat, {{RowFormat::text, "text"}, {RowFormat::csv, "csv"}, {RowFormat::json_lines, "jsonl"}, {RowFormat::npy, "npy"}, {RowFormat::parquet, "parquet"}})

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

json json_of(const ImageSpec& image) {
  return {{"resize", image.resize}, {"crop", image.crop},     {"mode", image.mode}, {"mean", image.mean},
          {"std", image.std},       {"layout", image.layout}, {"exif", image.exif}};
}

ImageSpec image_from(const json& value) {
  ImageSpec image;
  value.at("resize").get_to(image.resize);
  value.at("crop").get_to(image.crop);
  value.at("mode").get_to(image.mode);
  value.at("mean").get_to(image.mean);
  value.at("std").get_to(image.std);
  value.at("layout").get_to(image.layout);
  value.at("exif").get_to(image.exif);
  return image;
}

json json_of(const ModelInput& input) {
  json columns = json::array();
  for (const std::string& column : input.columns) columns.push_back(from_bytes(column));
  return {{"name", from_bytes(input.name)}, {"type", input.type}, {"columns", columns}};
}

ModelInput input_from(const json& value) {
  ModelInput input{to_bytes(value.at("name")), value.at("type").get<ValueType>(), {}};
  for (const json& column : value.at("columns")) input.columns.push_back(to_bytes(column));
  return input;
}

json json_of(const Scoring& scoring) {
  json inputs = json::array(), columns = json::array();
  for (const ModelInput& input : scoring.inputs) inputs.push_back(json_of(input));
  for (const RowColumn& column : scoring.columns) columns.push_back({{"name", from_bytes(column.name)}, {"field", from_bytes(column.field)}});
  // JSON has no NaN.
  const json missing = !scoring.missing ? json() : std::isnan(*scoring.missing) ? json("nan") : json(*scoring.missing);
  return {{"input", scoring.input},     {"image", json_of(scoring.image)},
          {"inputs", inputs},           {"missing", missing},
          {"format", scoring.format},   {"output", from_bytes(scoring.output.value)},
          {"columns", columns},         {"batch_size", scoring.batch_size ? json(*scoring.batch_size) : json()},
          {"numerics", scoring.numerics}, {"device", scoring.device}};
}

Scoring scoring_from(const json& value) {
  Scoring scoring;
  value.at("input").get_to(scoring.input);
  scoring.image = image_from(value.at("image"));
  for (const json& input : value.at("inputs")) scoring.inputs.push_back(input_from(input));
  if (const json& missing = value.at("missing"); !missing.is_null()) scoring.missing = missing.is_string() ? std::nan("") : missing.get<double>();
  value.at("format").get_to(scoring.format);
  scoring.output.value = to_bytes(value.at("output"));
  for (const json& column : value.at("columns")) scoring.columns.push_back({to_bytes(column.at("name")), to_bytes(column.at("field"))});
  if (const json& size = value.at("batch_size"); !size.is_null()) scoring.batch_size = size.get<int>();
  value.at("numerics").get_to(scoring.numerics);
  value.at("device").get_to(scoring.device);
  return scoring;
}

}  // namespace

std::string to_json(const ScoringConfiguration& configuration) {
  json value = json_of(configuration.scoring);
  value["model"] = from_bytes(configuration.model);
  value["labels"] = from_bytes(configuration.labels);
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ScoringConfiguration> scoring_configuration_from_json(std::string_view text) {
  try {
    const json value = json::parse(text);
    return ScoringConfiguration{to_bytes(value.at("model")), to_bytes(value.at("labels")), scoring_from(value)};
  } catch (const json::exception& error) {
    return Error{ErrorKind::spec, std::string("malformed scoring configuration: ") + error.what(), ""};
  }
}

}  // namespace mlpipe
