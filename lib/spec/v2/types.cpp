#include "spec/v2/types.h"

#include <fmt/format.h>

#include "base/text.h"
#include "spec/yaml/loose_scalar.h"
#include "spec/yaml/scalar.h"

namespace mlpipe::spec::v2 {
namespace {

const std::vector<std::pair<std::string, DataType>> data_types = {
    {"uri_folder", DataType::folder}, {"uri_file", DataType::file}, {"mltable", DataType::mltable},
    {"mlflow_model", DataType::folder}, {"triton_model", DataType::folder}};

const std::vector<std::pair<std::string, ParameterType>> literal_types = {{"string", ParameterType::string},
                                                                          {"integer", ParameterType::integer},
                                                                          {"number", ParameterType::number},
                                                                          {"boolean", ParameterType::boolean}};

std::vector<std::pair<std::string, std::string>> words(const std::vector<std::string>& all) {
  std::vector<std::pair<std::string, std::string>> same;
  for (const std::string& word : all) same.emplace_back(word, word);
  return same;
}

}  // namespace

std::optional<InputType> read_input_type(const MapReader& map) {
  std::vector<std::pair<std::string, InputType>> all;
  for (const auto& [word, type] : data_types) all.push_back({word, {type, {}, word.ends_with("_model")}});
  all.push_back({"custom_model", {{}, {}, true}});
  for (const auto& [word, type] : literal_types) all.push_back({word, {{}, type}});
  return map.choice<InputType>("type", all);
}

std::optional<DataType> read_output_type(const MapReader& map) {
  auto all = data_types;
  all.emplace_back("custom_model", DataType::folder);
  return map.choice<DataType>("type", all);
}

void read_input_mode(const MapReader& map, const std::optional<InputType>& type) {
  static const auto modes = words({"ro_mount", "rw_mount", "mount", "download", "upload", "direct", "eval_mount", "eval_download"});
  const auto mode = map.choice<std::string>("mode", modes);
  if (!mode || !type) return;
  const bool for_all = *mode == "ro_mount" || *mode == "download" || *mode == "direct", for_tables = mode->starts_with("eval_");
  if (for_all || (for_tables && type->data == DataType::mltable)) return;
  map.context().azure_warning(map.scalar("mode")->where, fmt::format("Azure refuses the mode `{}` of {}{}", *mode, map.owner(), for_tables ? ", which is no mltable" : ""),
                              "write ro_mount, download or direct");
}

std::string read_output_mode(const MapReader& map) {
  static const auto modes = words({"rw_mount", "upload", "mount", "direct"});
  return map.choice<std::string>("mode", modes).value_or("");
}

std::optional<std::string> literal_text(const Scalar& scalar, std::optional<ParameterType> type) {
  const std::string text = scalar.is_text ? scalar.text : as_python_writes(scalar.text);
  const auto boolean = as_loose_boolean(text);
  if (type == ParameterType::boolean) return boolean ? std::optional(*boolean ? "True" : "False") : std::nullopt;
  if (type == ParameterType::integer && !as_integer(text)) return std::nullopt;
  if (type == ParameterType::number && !as_number(text)) return std::nullopt;
  return text;
}

}  // namespace mlpipe::spec::v2
