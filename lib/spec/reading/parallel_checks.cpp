// What Azure asks of a ParallelRunStep beyond the values of its configuration.
#include <fmt/format.h>

#include "base/text.h"
#include "pipeline/driver_flags.h"
#include "spec/reading/readers.h"

namespace mlpipe::spec {
namespace {

// The argument where it needs nothing but parameters; else it is known when the step starts.
std::optional<std::string> settled(const Context& context, const Template& argument) {
  std::string text;
  for (const auto& part : argument.parts) {
    const auto* reference = std::get_if<Reference>(&part);
    if (reference && reference->kind != RefKind::parameter) return std::nullopt;
    text += reference ? context.parameter(reference->name)->value : std::get<std::string>(part);
  }
  return text;
}

void check_inputs(Context& context, const Place& step_key, const Step& step) {
  const bool ranks = step.parallel()->config.flags.rank_mini_batch_count.has_value();
  bool any = false;
  for (const StepInput& input : step.inputs) {
    if (input.side) continue;
    if (ranks && input.from != StepInput::From::value)
      context.error_at(input.where, fmt::format("input `{}` would be split, but --rank_mini_batch_count makes mini-batches without input", input.name),
                       "declare it under side_inputs");
    any = true;
    if (input.from == StepInput::From::value && !input.value.empty())
      context.error_at(input.where, fmt::format("input `{}` of a parallel step must be data, got `{}`", input.name, input.value),
                       "write \"${{pipeline.inputs.NAME}}\" or \"${{steps.STEP.outputs.NAME}}\"; hand a value over in `arguments`");
  }
  if (!any && !ranks)
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

void read_driver_flags(Context& context, Parallel& parallel) {
  std::vector<std::optional<std::string>> arguments;
  for (const Template& argument : parallel.arguments) arguments.push_back(settled(context, argument));
  for (FlagRemark& remark : apply_driver_flags(arguments, parallel.config)) {
    if (remark.is_reserved && context.pipeline.dialect == Dialect::v2) continue;  // there it is the way to say it
    const Location& where = parallel.arguments[remark.argument].where;
    if (remark.is_error) context.error_at(where, std::move(remark.message), std::move(remark.hint));
    else context.warning_at(where, std::move(remark.message), std::move(remark.hint));
  }
}

void check_first_argument(Context& context, const Parallel& parallel) {
  if (parallel.arguments.empty()) return;
  const Template& first = parallel.arguments.front();
  const auto text = settled(context, first);
  if (text && !text->starts_with('-'))
    context.warning_at(first.where, fmt::format("Azure's ParallelRunStep refuses a first argument without `-`, here `{}`", first.written),
                       "its arguments come after others: write --name value pairs");
}

void check_parallel_step(Context& context, const MapReader& step_map, const Step& step) {
  const Parallel& parallel = *step.parallel();
  check_first_argument(context, parallel);
  check_inputs(context, step_map.where_of("parallel_run_config"), step);
  check_output(context, step_map.where_of("parallel_run_config"), step, parallel.config);
}

}  // namespace mlpipe::spec
