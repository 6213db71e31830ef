#include "spec/v2/steps.h"

#include <fmt/format.h>

#include "base/text.h"
#include "spec/reading/asset_name.h"
#include "spec/v2/binding.h"
#include "spec/v2/inputs.h"
#include "spec/v2/outputs.h"
#include "spec/v2/text.h"

namespace mlpipe::spec::v2 {
namespace {

StepInput step_input(const std::string& name, const Bound& bound) {
  StepInput input;
  input.name = name;
  input.where = location(bound.where);
  input.type = bound.type;
  if (bound.kind == Bound::Kind::literal) {
    input.value = bound.value;
    input.parameter = bound.parameter;
    return input;
  }
  input.from = bound.kind == Bound::Kind::output ? StepInput::From::step_output : StepInput::From::pipeline_input;
  input.step = bound.step;
  input.source = bound.source;
  input.below = bound.below;
  return input;
}

void add_inputs(Reading& reading, Job& job, Step& step) {
  read_inputs_of(reading, job, job.where);
  for (const auto& [name, bound] : job.inputs)
    if (!bound.broken && bound.kind != Bound::Kind::unset) step.inputs.push_back(step_input(name, bound));
}

void read_variables_in(Reading& reading, const Job& job, const Value& map, Step& step) {
  const Entry* variables = entry_of(map, "environment_variables");
  if (!variables) return;
  Context& context = reading.context;
  if (variables->value.node->kind != Node::Kind::map)
    return context.error(variables->value.where, fmt::format("`environment_variables` of {} must be a map, got {}", job.title(), describe(variables->value)));
  for (const Entry& entry : variables->value.node->entries) {
    const bool is_empty = entry.value.node->kind == Node::Kind::null;
    if (!is_empty && entry.value.node->kind != Node::Kind::scalar) {
      context.error(entry.value.where, fmt::format("variable `{}` must be text, got {}", entry.key, describe(entry.value)));
      continue;
    }
    if (auto text = read_text(reading, job, step, scalar_of(entry.value), fmt::format("variable `{}`", entry.key)))
      step.environment_variables.insert_or_assign(entry.key, std::move(*text));
  }
}

// Where Azure runs it; here everything runs on this machine, which is said once.
void read_compute(Reading& reading, const Job& job, const MapReader& map, Step& step) {
  const auto compute = map.text("compute");
  Context& context = reading.context;
  step.compute = compute ? compute->text : reading.default_compute;
  if (compute && reading.compute.line == 0) reading.compute = location(map.where_of("compute"));
  if (compute && compute->text == "local")
    context.azure_warning(compute->where, fmt::format("nodes of a pipeline cannot run on `compute: local` in Azure, here {}", job.title()));
  if (!map.has("compute") && !reading.has_compute)
    context.azure_warning(job.where, fmt::format("{} has no compute", job.title()), "give it one, or write `settings: {default_compute: azureml:NAME}`");
}

void read_common(Reading& reading, const Job& job, const MapReader& map, Step& step) {
  step.allow_reuse = map.boolean("is_deterministic").value_or(true);
  if (const std::string description = text_of(job.own, "description"); !description.empty()) step.description = description;
  for (const char* key : {"description", "display_name", "code"}) warn_unless_text(reading.context, map.given(key), map.named(key));
  read_compute(reading, job, map, step);
  if (job.component) read_variables_in(reading, job, *job.component, step);
  read_variables_in(reading, job, job.own, step);
}

const std::vector<std::string>& node_keys(bool parallel) {
  static const std::vector<std::string> shared = {
      "$schema", "type", "name", "version", "display_name", "description", "tags", "properties", "experiment_name", "component", "inputs", "outputs",
      "compute", "resources", "environment_variables", "identity", "is_deterministic", "services", "queue_settings", "comment"};
  static const std::vector<std::string> command = [] {
    auto keys = shared;
    for (const char* key : {"command", "code", "environment", "limits", "distribution", "additional_includes", "docker_args", "parameters"}) keys.emplace_back(key);
    return keys;
  }();
  static const std::vector<std::string> parallel_keys = [] {
    auto keys = shared;
    for (const char* key : {"input_data", "mini_batch_size", "partition_keys", "mini_batch_error_threshold", "error_threshold", "logging_level",
                            "max_concurrency_per_instance", "retry_settings", "task", "limits", "environment", "code", "additional_includes"})
      keys.emplace_back(key);
    return keys;
  }();
  return parallel ? parallel_keys : command;
}

void refuse_includes(Context& context, const MapReader& map) {
  const auto* includes = map.list("additional_includes");
  if (includes && !includes->empty())
    context.error(map.where_of("additional_includes"), fmt::format("{} is not supported: code comes from one folder", map.named("additional_includes")),
                  "put what it names into the folder that `code` names");
}

void read_step(Reading& reading, Job& job) {
  Context& context = reading.context;
  Step step;
  step.name = job.step;
  step.where = location(job.where);
  // Also of a node whose component no mapping file has: all names that it lacks are told at once.
  if (job.kind != Job::Kind::stand_in || !context.is_used(job.step)) add_inputs(reading, job, step);
  read_outputs(reading, job, step);
  if (job.kind != Job::Kind::stand_in) {
    const MapReader map = node_reader(reading, job);
    refuse_includes(context, map);
    if (job.kind == Job::Kind::parallel) read_parallel_node(reading, job, step);
    else read_command(reading, job, step);
    read_common(reading, job, map, step);
  }
  context.pipeline.steps.push_back(std::move(step));
}

}  // namespace

MapReader node_reader(Reading& reading, const Job& job) {
  return {reading.context, job.settings, job.title(), node_keys(job.kind == Job::Kind::parallel), values_of(reading, job)};
}

void read_steps(Reading& reading, Body& body) {
  for (const auto& job : body.jobs) {
    if (!job->body) read_step(reading, *job);
    else {
      read_inputs_of(reading, *job, job->where);
      read_steps(reading, *job->body);
    }
  }
}

void read_code(Reading& reading, const MapReader& map, Step& step) {
  const auto written = map.text("code");
  if (!written) return;
  Context& context = reading.context;
  if (is_asset_name(written->text) || written->text.find("://") != std::string::npos || written->text.starts_with("git+"))
    return context.error(written->where, fmt::format("{}: `{}` is not a folder of this machine", map.named("code"), written->text),
                         "get a local copy, and name that");
  Path place = context.path_beside(written->where, written->text);
  if (is_file(place)) place = place.parent_path();
  context.place_source(step, place);
  if (!is_folder(step.source_directory))
    context.error(written->where, fmt::format("{}: `{}` does not exist", map.named("code"), written->text),
                  fmt::format("looked for {}; paths are relative to the file that they stand in", shown_path(place)));
}

std::optional<int> read_instance_count(Reading& reading, const MapReader& map, const Job& job) {
  const Value* value = map.map("resources");
  if (!value) return std::nullopt;
  static const std::vector<std::string> keys = {"instance_count", "instance_type", "shm_size", "docker_args", "locations", "max_instance_count",
                                                "properties", "runtime_version"};
  const MapReader resources(reading.context, *value, job.title(), keys, values_of(reading, job), "resources");
  if (!resources.valid()) return std::nullopt;
  const auto count = resources.integer("instance_count", {1, 1000});
  return count ? std::optional(static_cast<int>(*count)) : std::nullopt;
}

}  // namespace mlpipe::spec::v2
