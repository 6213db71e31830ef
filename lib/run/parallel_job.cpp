#include "run/parallel_job.h"

#include "pipeline/driver_flags.h"
#include "run/ingredients_of.h"

namespace mlpipe {
namespace {

// What the spec's reader could not know yet. Warnings were its business.
Status lay_flags_over(const std::vector<std::string>& arguments, ParallelRunConfig& config) {
  for (FlagRemark& remark : apply_driver_flags(std::vector<std::optional<std::string>>(arguments.begin(), arguments.end()), config))
    if (remark.is_error) return Error{ErrorKind::step_failed, std::move(remark.message), std::move(remark.hint)};
  return {};
}

void add_inputs(const Pipeline& pipeline, const Step& step, const StepDescription& description, ParallelJob& job) {
  for (const StepInput& input : step.inputs) {
    if (input.from == StepInput::From::value) continue;
    const StepDescription::Input& data = description.data.at(&input);
    if (input.side) {
      job.side_inputs.push_back({input.name, data.path});
      continue;
    }
    const SplitData split = split_data(pipeline, input);
    job.inputs.push_back({input.name, split.type, data.path, data.tree, split.table, data.mltable, data.beyond});
  }
}

// Rows go to the first output.
void add_outputs(const Step& step, const Bindings& bindings, ParallelJob& job) {
  for (const StepOutput& output : step.outputs) job.outputs.push_back({output.name, bindings.outputs.at(output.name)});
  if (step.outputs.empty()) return;
  const StepOutput& output = step.outputs.front();
  job.output = bindings.outputs.at(output.name);
  if (output.type != DataType::file) return;
  job.config.append_row_file_name = output.file;
  job.output = job.output.parent_path();
}

}  // namespace

Result<ParallelJob> parallel_job(const Pipeline& pipeline, const Step& step, const StepDescription& description,
                                 const std::vector<std::string>& environment, JobPlaces places) {
  const Parallel& parallel = *step.parallel();
  const Bindings& bindings = description.bindings;
  ParallelJob job;
  job.step = step.name;
  job.config = parallel.config;
  if (parallel.config.model) job.model = absolute_path(resolve(*parallel.config.model, bindings, Quoting::none));
  if (parallel.config.scoring.labels) job.labels = absolute_path(resolve(*parallel.config.scoring.labels, bindings, Quoting::none));
  for (const Template& argument : parallel.arguments) job.arguments.push_back(resolve(argument, bindings, Quoting::none));
  MLPIPE_TRY_VOID(lay_flags_over(job.arguments, job.config));
  job.environment = environment;
  for (const auto& [name, value] : parallel.config.environment_variables) job.environment.push_back(name + "=" + value);
  job.python = description.python->interpreter.string();
  if (job.model.empty() && job.python.empty())
    return Error{ErrorKind::step_failed, "there is no Python interpreter on PATH", "install python3, or name one: `environment: {python: ...}`"};
  if (description.code) job.code = std::move(places.code);
  job.source = step.source_directory;
  job.scratch = std::move(places.scratch);
  job.state = std::move(places.state);
  job.logs = std::move(places.logs);
  add_inputs(pipeline, step, description, job);
  add_outputs(step, bindings, job);
  return job;
}

}  // namespace mlpipe
