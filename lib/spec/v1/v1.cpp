#include "spec/v1/v1.h"

#include <fmt/format.h>

#include "spec/reading/readers.h"
#include "spec/v1/reading.h"

namespace mlpipe::spec {
namespace {

void read_steps(v1::Reading& reading, const MapReader& top) {
  Context& context = reading.context;
  const Value* steps = top.map("steps");
  if (!steps || steps->node->kind != Node::Kind::map || steps->node->entries.empty())
    return context.error(steps ? steps->where : top.where(), "the pipeline has no steps",
                         "write `steps:`, and below it `NAME: {type: PythonScriptStep, script_name: ..., source_directory: ...}`");
  for (const Entry& entry : steps->node->entries) {
    context.steps.emplace(entry.key, context.step_names.size());
    context.step_names.push_back(entry.key);
  }
  read_options(context);
  v1::note_destinations(reading, *steps);
  for (const Entry& entry : steps->node->entries) v1::read_step(reading, entry);
}

void read_head(v1::Reading& reading, const MapReader& top) {
  Context& context = reading.context;
  context.pipeline.name = context.pipeline.directory.filename().string();
  const auto name = top.text("name"), description = top.text("description");
  if (const auto& said = description ? description : name) context.pipeline.description = said->text;
  const auto compute = top.text("default_compute");
  if (!compute) return;
  reading.default_compute = compute->text;
  context.warning(compute->where, fmt::format("compute `{}` is not asked for: every step runs on this machine", compute->text));
}

}  // namespace

bool is_v1(const Node& root) {
  return root.kind == Node::Kind::map && root.find("pipeline");
}

void read_v1(Context& context, const Value& root) {
  context.pipeline.dialect = Dialect::v1;
  read_mapping(context);
  v1::Reading reading{context};
  const MapReader file(context, root, "the file", {"pipeline"}, v1::as_written());
  const Value* pipeline = file.map("pipeline");
  if (!pipeline) return context.error(file.where(), "the pipeline is empty", "write `steps:` below `pipeline:`");
  const MapReader top(context, *pipeline, "the pipeline",
                      {"name", "description", "parameters", "data_references", "data_reference", "default_compute", "steps"}, v1::as_written());
  if (!top.valid()) return;
  if (top.has("data_reference"))
    context.warning(top.where_of("data_reference"), "`data_reference` has no effect: the key is `data_references`", "add the s");
  v1::read_parameters(reading, top.map("parameters"));
  v1::read_data_references(reading, top.map("data_references"));
  read_head(reading, top);
  read_steps(reading, top);
  report_unmapped(context);
  check_pipeline(context);
}

}  // namespace mlpipe::spec
