// What a parallel step splits, and by what: known once all inputs and all outputs are.
#include <fmt/format.h>

#include <algorithm>

#include "pipeline/partition_format.h"
#include "spec/reading/readers.h"

namespace mlpipe::spec {
namespace {

constexpr std::int64_t default_table_bytes = 1 << 20;
constexpr std::int64_t most_table_bytes = std::int64_t{4} << 30;  // so that a mini-batch's rows can be counted

// One input that a step splits.
struct Splittable {
  const StepInput* input;
  DataType type;
  const TableFormat* format;
};

std::optional<Splittable> source_of(Context& context, const StepInput& input) {
  if (input.from == StepInput::From::pipeline_input) {
    const auto found = context.inputs.find(input.source);
    if (found == context.inputs.end()) return std::nullopt;
    const PipelineInput& source = context.pipeline.inputs[found->second];
    return Splittable{&input, input.type.value_or(source.type), &source.table};
  }
  const auto found = context.steps.find(input.step);
  const StepOutput* output = found == context.steps.end() ? nullptr : context.pipeline.steps[found->second].output(input.source);
  if (!output) return std::nullopt;
  return Splittable{&input, input.type.value_or(output->type), &output->table};
}

std::vector<Splittable> splittable(Context& context, const Step& step) {
  std::vector<Splittable> all;
  for (const StepInput& input : step.inputs) {
    if (input.side || input.from == StepInput::From::value) continue;
    if (const auto source = source_of(context, input)) all.push_back(*source);
  }
  return all;
}

bool is_table(const Splittable& input) { return input.type == DataType::table; }

void check_tables(Context& context, const Step& step, const std::vector<Splittable>& inputs, ParallelRunConfig& config) {
  if (config.model && config.scoring.input != ScoringInput::table)
    context.error_at(inputs.front().input->where, fmt::format("input `{}` is a table, but `scoring.input` of step `{}` is not", inputs.front().input->name, step.name),
                     "scoring: {input: table, columns: [a, b]}");
  if (!config.mini_batch_size_given) config.mini_batch_size.value = default_table_bytes;
  else if (config.mini_batch_size.is_count && config.mini_batch_size.value < 1024)
    context.warning_at(config.mini_batch_size_where, fmt::format("step `{}` cuts tables into mini-batches of {} bytes", step.name, config.mini_batch_size.value),
                       "mini_batch_size of a table is a size: write 10KB or 1MB");
  config.mini_batch_size.is_count = false;
  if (config.mini_batch_size.value > most_table_bytes)
    context.error_at(config.mini_batch_size_where, fmt::format("`mini_batch_size` of step `{}` must be at most 4GB", step.name));
}

void check_files(Context& context, const Step& step, const std::vector<Splittable>& inputs, const ParallelRunConfig& config) {
  if (config.model && config.scoring.input == ScoringInput::table)
    context.error_at(inputs.front().input->where, fmt::format("`scoring.input` of step `{}` is table, but input `{}` is not", step.name, inputs.front().input->name),
                     "give the input `type: table`");
  if (!config.mini_batch_size.is_count)
    context.error_at(config.mini_batch_size_where, fmt::format("`mini_batch_size` of step `{}` is a size, but files are counted", step.name),
                     "write how many files make a mini-batch");
  for (const Splittable& input : inputs) {
    if (config.partition_keys.empty()) continue;
    const auto format = PartitionFormat::parse(input.format->partition_format);
    const auto has = [&](const std::string& key) {
      const auto& columns = format->columns();
      return std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return column.name == key; });
    };
    if (input.format->partition_format.empty()) {
      context.error_at(input.input->where, fmt::format("input `{}` has no partition_format, but step `{}` has partition_keys",
                                                       input.input->name, step.name),
                       fmt::format("say where the keys stand in its paths: `partition_format: \"{{{}}}/{{name}}\"`", config.partition_keys.front()));
      continue;
    }
    if (!format) continue;  // said where it stands
    for (const std::string& key : config.partition_keys) {
      std::vector<std::string> names;
      for (const auto& column : format->columns()) names.push_back(column.name);
      if (!has(key))
        context.error_at(input.input->where, fmt::format("partition key `{}` of step `{}` is not in the partition_format of its input `{}`", key,
                                                         step.name, input.input->name), context.hint(key, names));
    }
  }
}

void check_split(Context& context, Step& step, ParallelRunConfig& config) {
  auto inputs = splittable(context, step);
  // An MLTable may be rows or files: that is known when it is there.
  std::erase_if(inputs, [](const Splittable& input) { return input.type == DataType::mltable; });
  if (inputs.empty()) return;
  const auto tables = std::count_if(inputs.begin(), inputs.end(), is_table);
  if (tables > 0 && static_cast<std::size_t>(tables) < inputs.size()) {
    const auto& odd = *std::find_if(inputs.begin(), inputs.end(), [&](const auto& i) { return is_table(i) != is_table(inputs.front()); });
    return context.error_at(odd.input->where, fmt::format("parallel step `{}` splits both tables and files: input `{}` is {}, `{}` is not",
                                                          step.name, odd.input->name, is_table(odd) ? "a table" : "files",
                                                          inputs.front().input->name),
                            "give it inputs of one kind; what shall not be split is a side input");
  }
  if (tables > 0) check_tables(context, step, inputs, config);
  else check_files(context, step, inputs, config);
}

}  // namespace

void check_splits(Context& context) {
  for (Step& step : context.pipeline.steps)
    if (auto* parallel = std::get_if<Parallel>(&step.action)) check_split(context, step, parallel->config);
}

}  // namespace mlpipe::spec
