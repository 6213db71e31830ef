// What Azure asks of a ParallelRunStep beyond the values of its configuration.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/readers.h"

namespace mlpipe::spec {
namespace {

// Names that the driver of Azure's runtime takes for itself.
const std::vector<std::string> reserved = {
    "mini_batch_size", "error_threshold", "allowed_failed_count", "allowed_failed_percent", "output", "output_action", "logging_level",
    "process_count_per_node", "run_invocation_timeout", "run_max_try", "append_row_file_name"};

std::string_view leading_text(const Template& argument) {
  const auto* text = argument.parts.empty() ? nullptr : std::get_if<std::string>(&argument.parts[0]);
  return text ? std::string_view(*text) : std::string_view();
}

void check_arguments(Context& context, const Parallel& parallel) {
  for (const Template& argument : parallel.arguments) {
    const std::string_view text = leading_text(argument);
    if (&argument == &parallel.arguments.front() && !text.starts_with('-'))
      context.error_at(argument.where, fmt::format("the first argument of a parallel step must begin with `-`, got `{}`", argument.written),
                       "its arguments come after others: write --name value pairs");
    if (!text.starts_with("--")) continue;
    const std::string name(text.substr(2, text.find('=') - 2));
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end())
      context.error_at(argument.where, fmt::format("`--{}` is reserved for parallel steps", name),
                       "take another name for the script's argument");
  }
}

void check_inputs(Context& context, const Place& step_key, const Step& step) {
  bool any = false;
  for (const StepInput& input : step.inputs) {
    if (input.side) continue;
    any = true;
    if (input.from == StepInput::From::value && !input.value.empty())
      context.error_at(input.where, fmt::format("input `{}` of a parallel step must be data, got `{}`", input.name, input.value),
                       "write \"${{pipeline.inputs.NAME}}\" or \"${{steps.STEP.outputs.NAME}}\"; hand a value over in `arguments`");
  }
  if (!any)
    context.error(step_key, fmt::format("parallel step `{}` has no inputs to score", step.name),
                  "give it `inputs: {data: \"${{...}}\"}`; side inputs are not split");
}

void check_output(Context& context, const Place& step_key, const Step& step, const ParallelRunConfig& config) {
  if (config.output_action != OutputAction::append_row) return;
  if (step.outputs.empty())
    return context.error(step_key, fmt::format("parallel step `{}` appends rows, but has no output for them", step.name),
                         "give it `outputs: {predictions: }`, or write `output_action: summary_only`");
  const StepOutput& output = step.outputs.front();
  if (output.type != DataType::folder)
    context.error_at(output.where, fmt::format("output `{}` takes the rows of a parallel step, so it must be a folder", output.name),
                     "name the file in it by `append_row_file_name`");
}

}  // namespace

void check_parallel_step(Context& context, const MapReader& step_map, const Step& step) {
  const Parallel& parallel = *step.parallel();
  check_arguments(context, parallel);
  check_inputs(context, step_map.where_of("parallel_run_config"), step);
  check_output(context, step_map.where_of("parallel_run_config"), step, parallel.config);
}

}  // namespace mlpipe::spec
