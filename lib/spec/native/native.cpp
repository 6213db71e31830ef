#include "spec/native/native.h"

#include <fmt/format.h>

#include "pipeline/graph.h"
#include "spec/native/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

const std::vector<std::string> top_keys = {"name", "description", "parameters", "inputs", "environment", "settings", "steps"};

void read_settings(Context& context, const Value& value) {
  const MapReader map(context, value, "the pipeline", {"continue_on_step_failure", "force_rerun"}, MapReader::Values::plain, "settings");
  if (const auto go_on = map.boolean("continue_on_step_failure")) context.pipeline.continue_on_step_failure = *go_on;
  if (const auto force = map.boolean("force_rerun")) context.pipeline.force_rerun = *force;
}

void read_head(Context& context, const MapReader& top) {
  if (const auto name = top.text("name")) context.pipeline.name = name->text;
  else context.pipeline.name = context.pipeline.directory.filename().string();
  if (const auto description = top.text("description")) context.pipeline.description = description->text;
  if (const Value* environment = top.map("environment"))
    context.environment = read_environment(context, *environment, "the pipeline", context.pipeline.directory, true);
  if (const Value* settings = top.map("settings")) read_settings(context, *settings);
}

void read_steps(Context& context, const MapReader& top) {
  const Value* steps = top.map("steps");
  if (!steps) {
    if (!top.has("steps") && !top.has_unknown())
      context.error(top.where(), "the pipeline has no `steps`", "write `steps:`, and below it `NAME: {command: ...}`");
    return;
  }
  if (steps->node->kind != Node::Kind::map)
    return context.error(steps->where, fmt::format("`steps` must be a map, got {}", describe(*steps)),
                         "write `NAME:` lines below it, with the keys of each step below its name");
  for (const Entry& entry : steps->node->entries) {
    context.steps.emplace(entry.key, context.step_names.size());
    context.step_names.push_back(entry.key);
  }
  if (context.step_names.empty()) context.error(steps->where, "the pipeline has no steps", "write `NAME: {command: ...}` below `steps:`");
  read_options(context);
  for (const Entry& entry : steps->node->entries) read_step(context, entry);
}

void hand_down_environment(Context& context) {
  for (Step& step : context.pipeline.steps)
    if (!step.environment) step.environment = context.environment;
}

}  // namespace

void read_native(Context& context, const Value& root) {
  if (root.node->kind == Node::Kind::null)
    return context.error({root.where.document}, "the file is empty", "the smallest pipeline is `steps: {hello: {command: echo hello}}`");
  const MapReader top(context, root, "the pipeline", top_keys);
  if (!top.valid()) return;
  read_mapping(context);
  read_parameters(context, top.map("parameters"));
  read_inputs(context, top.map("inputs"));
  read_head(context, top);
  read_steps(context, top);
  hand_down_environment(context);
  check_pipeline(context);
}

}  // namespace mlpipe::spec
