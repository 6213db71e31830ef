// `inputs:` of a pipeline, and --input NAME=PATH.
#include <fmt/format.h>

#include "base/text.h"
#include "spec/native/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

const std::vector<std::pair<std::string, DataType>> types = {{"folder", DataType::folder}, {"file", DataType::file},
                                                             {"table", DataType::table}, {"mltable", DataType::mltable}};

bool is_remote(std::string_view path) { return path.find("://") != std::string_view::npos || path.starts_with("azureml:"); }

// "data/*/x.csv" is the folder "data" and the pattern "*/x.csv"; a path that exists as it stands is no pattern.
void split_pattern(PipelineInput& input) {
  const std::string whole = input.path.string();
  const auto wildcard = whole.find_first_of("*?[");
  if (wildcard == std::string::npos || path_exists(input.path)) return;
  const auto slash = whole.rfind('/', wildcard);
  input.pattern = whole.substr(slash + 1);
  input.path = slash == 0 ? Path("/") : Path(whole.substr(0, slash));
}

void set_path(Context& context, PipelineInput& input, const Scalar& written, const Path& base) {
  input.written = written.text;
  if (trim(written.text).empty()) return context.error(written.where, fmt::format("the path of input `{}` is empty", input.name));
  if (has_expression(written.text))
    return context.error(written.where, fmt::format("the path of input `{}` is fixed: no expression can stand in it", input.name),
                         fmt::format("`mlpipe run --input {}=PATH` gives another one", input.name));
  if (is_remote(written.text))
    return context.error(written.where, fmt::format("`{}` is not a path of this machine", written.text),
                         "download it, and give the local path");
  input.path = context.path(written.text, base);
  if (base.empty()) context.pipeline.written_absolutely.insert(input.path);  // of the command line: it does not move with the spec
  split_pattern(input);
}

void read_long_form(Context& context, const Value& value, PipelineInput& input, std::optional<DataType>& type) {
  const MapReader map(context, value, fmt::format("input `{}`", input.name),
                      {"path", "type", "delimiter", "header", "partition_format", "description"});
  if (!map.valid()) return;
  type = map.choice<DataType>("type", types);
  if (type) input.type = *type;
  map.text("description");
  read_table_format(map, input.type, input.table);
  if (const auto path = map.text("path")) set_path(context, input, *path, context.pipeline.directory);
  else if (!map.has("path")) context.error_at(input.where, fmt::format("{} has no path", map.owner()), "write `path: FOLDER_OR_FILE`");
}

void read_input(Context& context, const Entry& entry) {
  PipelineInput input;
  input.name = entry.key;
  input.where = location(entry.value.where);
  check_name(context, entry.key_where, entry.key, "an input");
  std::optional<DataType> type;
  if (entry.value.node->kind == Node::Kind::null)
    context.error(entry.key_where, fmt::format("input `{}` has no path", entry.key), "write the folder or file after it");
  else if (entry.value.node->kind == Node::Kind::scalar)
    set_path(context, input, {entry.value.node->text, true, entry.value.where}, context.pipeline.directory);
  else
    read_long_form(context, entry.value, input, type);
  if (!type && is_file(input.path)) input.type = DataType::file;
  context.inputs.emplace(entry.key, context.pipeline.inputs.size());
  context.input_names.push_back(entry.key);
  context.pipeline.inputs.push_back(std::move(input));
}

// --input scans=PATH
void override_input(Context& context, const std::string& written) {
  const auto given = read_given_by_name(context, "--input", written);
  if (!given) return;
  const auto number = context.inputs.find(given->name);
  if (number == context.inputs.end())
    return context.error(given->value.where, fmt::format("the pipeline has no input `{}`", given->name), context.hint(given->name, context.input_names));
  PipelineInput& input = context.pipeline.inputs[number->second];
  input.overridden = true;
  input.where = location(given->value.where);
  input.pattern.clear();
  set_path(context, input, given->value, Path());
  if (input.type != DataType::table && input.type != DataType::mltable) input.type = is_file(input.path) ? DataType::file : DataType::folder;
}

}  // namespace

void read_inputs(Context& context, const Value* value) {
  if (value && value->node->kind != Node::Kind::map)
    context.error(value->where, fmt::format("`inputs` must be a map, got {}", describe(*value)), "write `name: path` lines below it");
  else if (value)
    for (const Entry& entry : value->node->entries) read_input(context, entry);
  for (const std::string& written : context.overrides.inputs) override_input(context, written);
}

}  // namespace mlpipe::spec
