// inputs, side_inputs and outputs of a step.
#include <fmt/format.h>

#include "base/text.h"
#include "spec/native/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

const std::vector<std::pair<std::string, DataType>> types = {{"folder", DataType::folder}, {"file", DataType::file},
                                                             {"table", DataType::table}, {"mltable", DataType::mltable}};
const std::vector<std::pair<std::string, std::string>> modes = {{"mount", "mount"}, {"upload", "upload"}};

// "/test/a" -> "test/a"; nothing: it would leave the data.
std::optional<std::string> path_below(const std::string& written) {
  if (!written.starts_with('/')) return std::nullopt;
  const Path path = Path(written.substr(1)).lexically_normal();
  if (path.is_absolute() || (!path.empty() && *path.begin() == "..")) return std::nullopt;
  const std::string text = path.string();
  return text == "." ? "" : text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

void set_value(Context& context, StepInput& input, const Template& written) {
  for (const auto& part : written.parts) {
    if (const auto* text = std::get_if<std::string>(&part)) {
      input.value += *text;
      continue;
    }
    const Reference& reference = std::get<Reference>(part);
    if (input.parameter.empty()) input.parameter = reference.name;
    input.value += context.parameter(reference.name)->value;
  }
}

// A literal that names something beside the spec is most likely meant as data, and would not be looked at.
void warn_about_path(Context& context, const StepInput& input, const Scalar& written) {
  if (!input.parameter.empty() || input.value.empty() || as_number(input.value) || !path_exists(context.path(input.value))) return;
  context.warning(written.where, fmt::format("input `{}` is the text `{}`, not the data at that path", input.name, input.value),
                  "declare the path under the pipeline's `inputs`, and write \"${{pipeline.inputs.NAME}}\"");
}

void set_source(Context& context, StepInput& input, const Scalar& scalar, const Template& written, const Reference& source) {
  input.from = source.kind == RefKind::step_output ? StepInput::From::step_output : StepInput::From::pipeline_input;
  input.step = source.step;
  input.source = source.name;
  input.where = source.where;
  const auto* after = written.parts.size() == 2 ? std::get_if<std::string>(&written.parts[1]) : nullptr;
  if (written.parts.size() == 1) return;
  if (written.parts.size() > 2 || !after)
    return context.error(scalar.where, fmt::format("input `{}` mixes data with other text", input.name),
                         "one expression, with an optional /path/below after it");
  const auto below = path_below(*after);
  if (below) input.below = *below;
  else
    context.error(scalar.where, fmt::format("`{}` after an expression must be a path below it", *after),
                  "write \"${{...}}/folder\", without ..");
}

StepInput read_input(Context& context, const Entry& entry, bool side) {
  StepInput input;
  input.name = entry.key;
  input.side = side;
  input.where = location(entry.value.where);
  const std::string what = side ? "side input" : "input";
  check_name(context, entry.key_where, entry.key, side ? "a side input" : "an input");
  if (entry.value.node->kind != Node::Kind::scalar) {
    context.error(entry.value.where, fmt::format("{} `{}` must be an expression or a value, got {}", what, entry.key,
                                                 describe(entry.value)),
                  "write \"${{pipeline.inputs.NAME}}\" or \"${{steps.STEP.outputs.NAME}}\"");
    return input;
  }
  const Scalar scalar{entry.value.node->text, entry.value.node->is_text, entry.value.where};
  const auto written = parse_template(context, scalar, fmt::format("{} `{}`", what, entry.key), {Scope::Kind::data});
  if (!written) return input;
  for (const Reference* reference : written->references())
    if (reference->kind != RefKind::parameter) {
      set_source(context, input, scalar, *written, *reference);
      return input;
    }
  set_value(context, input, *written);
  warn_about_path(context, input, scalar);
  return input;
}

constexpr std::size_t most_entries = 1000;

bool too_many(const MapReader& map, std::string_view key, std::size_t count) {
  if (count > most_entries)
    map.context().error(map.where_of(key), fmt::format("{} has {} entries", map.named(key), count),
                        fmt::format("at most {}", most_entries));
  return count > most_entries;
}

void read_inputs_of(const MapReader& map, Step& step, bool side) {
  const std::string key = side ? "side_inputs" : "inputs";
  const Value* value = map.map(key);
  if (!value) return;
  if (value->node->kind != Node::Kind::map) return map.wrong_type(key, "a map", *value);
  if (too_many(map, key, value->node->entries.size())) return;
  for (const Entry& entry : value->node->entries) step.inputs.push_back(read_input(map.context(), entry, side));
}

void set_file(const MapReader& map, StepOutput& output, bool type_given) {
  const auto file = map.text("file");
  if (file && output.type == DataType::folder && type_given)
    map.context().error(map.where_of("file"), fmt::format("{} has a file, but its type is folder", map.owner()), "write `type: file`");
  if (file && (file->text.find('/') != std::string::npos || file->text == "." || file->text == ".." || file->text.size() > 200))
    map.context().error(file->where, fmt::format("{} must be the name of a file, got `{}`", map.named("file"), file->text),
                        "without folders: the output gets one of its own");
  if (file && !type_given) output.type = DataType::file;
  if (file) output.file = file->text;
  else if (output.type == DataType::file) output.file = output.name;
}

void set_publish(const MapReader& map, const Step& step, StepOutput& output) {
  const auto publish = map.text("publish");
  if (!publish) return;
  Context& context = map.context();
  if (has_expression(publish->text))
    return context.error(publish->where, fmt::format("{} is fixed: no expression can stand in it", map.named("publish")));
  output.publish_written = publish->text;
  const std::string path = context.path(publish->text).string();
  output.publish = path.size() > 1 && path.ends_with('/') ? Path(path.substr(0, path.size() - 1)) : Path(path);
  context.published[step.name + "." + output.name] = location(publish->where);
}

StepOutput read_output(Context& context, const Step& step, const Entry& entry) {
  StepOutput output;
  output.name = entry.key;
  output.where = location(entry.key_where);
  check_name(context, entry.key_where, entry.key, "an output");
  if (entry.value.node->kind == Node::Kind::null) return output;
  if (entry.value.node->kind == Node::Kind::scalar) {
    context.error(entry.value.where, fmt::format("output `{}` must be a map or nothing, got {}", entry.key, describe(entry.value)),
                  fmt::format("write `{}:` for a folder, or {{publish: PLACE}} to have it somewhere", entry.key));
    return output;
  }
  const MapReader map(context, entry.value, fmt::format("output `{}` of step `{}`", entry.key, step.name),
                      {"type", "file", "mode", "publish", "delimiter", "header", "partition_format", "description"});
  if (!map.valid()) return output;
  const auto type = map.choice<DataType>("type", types);
  if (type) output.type = *type;
  if (const auto mode = map.choice<std::string>("mode", modes)) output.mode = *mode;
  map.text("description");
  set_file(map, output, map.has("type"));
  read_table_format(map, output.type, output.table);
  set_publish(map, step, output);
  return output;
}

}  // namespace

void read_step_data(MapReader& map, Step& step) {
  read_inputs_of(map, step, false);
  read_inputs_of(map, step, true);
  const Value* value = map.map("outputs");
  if (!value) return;
  if (value->node->kind != Node::Kind::map) return map.wrong_type("outputs", "a map", *value);
  if (too_many(map, "outputs", value->node->entries.size())) return;
  for (const Entry& entry : value->node->entries) step.outputs.push_back(read_output(map.context(), step, entry));
}

}  // namespace mlpipe::spec
