// parameters and data_references of a v1 pipeline, and what the command line gives instead.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/readers.h"
#include "spec/v1/reading.h"

namespace mlpipe::spec::v1 {
namespace {

const std::vector<std::pair<std::string, ParameterType>> types = {{"string", ParameterType::string}, {"int", ParameterType::integer},
                                                                  {"float", ParameterType::number},  {"bool", ParameterType::boolean}};

std::string default_of(ParameterType type) {
  switch (type) {
    case ParameterType::integer: return "0";
    case ParameterType::number: return "0.0";
    case ParameterType::boolean: return "false";
    default: return "";
  }
}

bool fits(ParameterType type, const Scalar& value) {
  switch (type) {
    case ParameterType::integer: return as_integer(value.text).has_value();
    case ParameterType::number: return as_number(value.text).has_value();
    case ParameterType::boolean: return as_boolean(value.text).has_value();
    default: return true;
  }
}

void add_input(Reading& reading, PipelineInput input) {
  Context& context = reading.context;
  if (is_file(input.path)) input.type = DataType::file;
  context.inputs.emplace(input.name, context.pipeline.inputs.size());
  context.input_names.push_back(input.name);
  reading.sources.push_back(input.name);
  context.pipeline.inputs.push_back(std::move(input));
}

// {datastore, path_on_datastore}
void place_in_datastore(Reading& reading, const MapReader& map, PipelineInput& input) {
  Context& context = reading.context;
  const auto datastore = map.text("datastore"), path = map.text("path_on_datastore");
  if (!datastore || !path)
    return context.error(map.where(), fmt::format("{} must say `datastore` and `path_on_datastore`", map.title()), "the path is below the datastore's folder");
  input.written = fmt::format("{} of {}", path->text, datastore->text);
  const auto folder = folder_of_datastore(context, datastore->text);
  if (!folder) return context.unmapped.push_back({"datastores", datastore->text, map.owner(), location(datastore->where)});
  const Path below = Path(path->text).relative_path().lexically_normal();
  if (!below.empty() && *below.begin() == "..") return context.error(path->where, fmt::format("{} leaves the datastore", map.named("path_on_datastore")));
  input.path = absolute_path(*folder / below);
}

void read_datapath(Reading& reading, const Entry& entry, const MapReader& map) {
  PipelineInput input;
  input.name = entry.key;
  input.where = location(entry.key_where);
  const Entry* given = map.given("default");
  if (!given) return reading.context.error(map.where(), fmt::format("{} has no `default`", map.title()), "write `default: {datastore: NAME, path_on_datastore: PATH}`");
  const MapReader place(reading.context, given->value, map.owner(), {"name", "datastore", "path_on_datastore"}, as_written(), "default");
  if (place.valid()) place_in_datastore(reading, place, input);
  add_input(reading, std::move(input));
}

void read_parameter(Reading& reading, const Entry& entry) {
  Context& context = reading.context;
  const MapReader map(context, entry.value, fmt::format("parameter `{}`", entry.key), {"type", "default"}, as_written());
  if (!map.valid()) return;
  if (const auto type = map.text("type"); type && lower(type->text) == "datapath") return read_datapath(reading, entry, map);
  const auto type = map.choice("type", types);
  if (!type && !map.has("type")) context.error(entry.key_where, fmt::format("parameter `{}` has no type", entry.key), "one of: string, int, float, bool, datapath");
  Parameter parameter{entry.key, type.value_or(ParameterType::string), default_of(type.value_or(ParameterType::string)), false, location(entry.key_where)};
  if (const auto value = map.scalar("default")) {
    if (!fits(parameter.type, *value)) map.wrong_type("default", "of the parameter's type", *value);
    parameter.value = value->text;
  }
  context.parameters.emplace(parameter.name, context.pipeline.parameters.size());
  context.parameter_names.push_back(parameter.name);
  context.pipeline.parameters.push_back(std::move(parameter));
}

void override_parameter(Reading& reading, const std::string& written) {
  Context& context = reading.context;
  const auto given = read_given_by_name(context, "-p", written);
  if (!given) return;
  const auto number = context.parameters.find(given->name);
  if (number == context.parameters.end())
    return context.error(given->value.where, fmt::format("the pipeline has no parameter `{}`", given->name), context.hint(given->name, context.parameter_names));
  Parameter& parameter = context.pipeline.parameters[number->second];
  if (!fits(parameter.type, given->value)) return context.error(given->value.where, fmt::format("`{}` does not fit parameter `{}`", given->value.text, given->name));
  parameter.value = given->value.text;
  parameter.overridden = true;
}

void override_input(Reading& reading, const std::string& written) {
  Context& context = reading.context;
  const auto given = read_given_by_name(context, "--input", written);
  if (!given) return;
  const auto number = context.inputs.find(given->name);
  if (number == context.inputs.end())
    return context.error(given->value.where, fmt::format("the pipeline has no input `{}`", given->name), context.hint(given->name, context.input_names));
  PipelineInput& input = context.pipeline.inputs[number->second];
  input.path = context.path(given->value.text, Path());
  context.pipeline.written_absolutely.insert(input.path);
  input.written = given->value.text;
  input.overridden = true;
  input.where = location(given->value.where);
  input.type = is_file(input.path) ? DataType::file : DataType::folder;
  std::erase_if(context.unmapped, [&](const Unmapped& each) { return each.wanted_by == fmt::format("data reference `{}`", input.name) || each.wanted_by == fmt::format("parameter `{}`", input.name); });
}

void place_dataset(Reading& reading, const MapReader& map, const Scalar& name, PipelineInput& input) {
  Context& context = reading.context;
  input.written = name.text;
  const auto found = Mapping::find(context.mapping.data, AssetName{.name = name.text});
  if (found) input.path = *found;
  else context.unmapped.push_back({"data", name.text, map.owner(), location(name.where)});
}

void read_data_reference(Reading& reading, const Entry& entry) {
  const MapReader map(reading.context, entry.value, fmt::format("data reference `{}`", entry.key),
                      {"datastore", "path_on_datastore", "dataset_name", "dataset_id", "sql_table", "sql_query", "sql_stored_procedure", "sql_stored_procedure_params",
                       "bind_mode"},
                      as_written());
  if (!map.valid()) return;
  PipelineInput input;
  input.name = entry.key;
  input.where = location(entry.key_where);
  const auto dataset = map.text(map.has("dataset_name") ? "dataset_name" : "dataset_id");
  const auto sql = std::find_if(entry.value.node->entries.begin(), entry.value.node->entries.end(), [](const Entry& each) { return each.key.starts_with("sql_"); });
  if (sql != entry.value.node->entries.end())
    reading.context.error(sql->key_where, fmt::format("{} reads a database of Azure's", map.title()), fmt::format("--input {}=PATH takes a file of this machine", entry.key));
  else if (dataset) place_dataset(reading, map, *dataset, input);
  else if (map.has("datastore")) place_in_datastore(reading, map, input);
  else reading.context.error(entry.key_where, fmt::format("{} names no data", map.title()), "write `datastore` and `path_on_datastore`, or `dataset_name`");
  add_input(reading, std::move(input));
}

template <class Read>
void read_all(Context& context, const Value* map, std::string_view what, const Read& read) {
  if (map && map->node->kind != Node::Kind::map) return context.error(map->where, fmt::format("`{}` must be a map, got {}", what, describe(*map)));
  for (const Entry& entry : map ? map->node->entries : std::vector<Entry>{}) read(entry);
}

}  // namespace

void read_parameters(Reading& reading, const Value* map) {
  read_all(reading.context, map, "parameters", [&](const Entry& entry) { read_parameter(reading, entry); });
  for (const std::string& written : reading.context.overrides.parameters) override_parameter(reading, written);
}

void read_data_references(Reading& reading, const Value* map) {
  read_all(reading.context, map, "data_references", [&](const Entry& entry) { read_data_reference(reading, entry); });
  for (const std::string& written : reading.context.overrides.inputs) override_input(reading, written);
}

}  // namespace mlpipe::spec::v1
