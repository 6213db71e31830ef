#include "spec/mltable_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "pipeline/partition_format.h"

namespace mlpipe::spec {
namespace {

// The folder of an MLTable that a parallel step splits, when it is there already; one that a step writes is read when it is.
std::optional<Path> mltable_to_split(const Pipeline& pipeline, const StepInput& input) {
  if (input.side || input.from != StepInput::From::pipeline_input) return std::nullopt;
  const PipelineInput* const source = pipeline.input(input.source);
  if (!source || input.type.value_or(source->type) != DataType::mltable || !source->url.empty()) return std::nullopt;
  const Path folder = input.below.empty() ? source->path : source->path / input.below;
  if (!is_folder(folder)) return std::nullopt;
  return folder;
}

// Of rows, a key may be a column that only the data has; of files, their paths say all.
void check_keys(Context& context, const Step& step, const StepInput& input, const MLTable& table) {
  const auto& keys = step.parallel()->config.partition_keys;
  if (table.is_table() || keys.empty()) return;
  if (table.partition_format.empty())
    return context.error_at(input.where, fmt::format("step `{}` has partition_keys, but the MLTable of its input `{}` has no partition format", step.name, input.name),
                            fmt::format("give {} the transformation extract_columns_from_partition_format", shown_path(table.folder / "MLTable")));
  const auto format = PartitionFormat::parse(table.partition_format);
  if (!format) return;  // said where it stands
  std::vector<std::string> names;
  for (const auto& column : format->columns()) names.push_back(column.name);
  for (const std::string& key : keys)
    if (std::find(names.begin(), names.end(), key) == names.end())
      context.error_at(input.where, fmt::format("partition key `{}` of step `{}` is not in the partition format of the MLTable of its input `{}`", key, step.name, input.name),
                       context.hint(key, names));
}

}  // namespace

std::vector<ReadMLTable> check_mltables(Context& context) {
  std::map<Path, ReadMLTable> read;
  for (const Step& step : context.pipeline.steps) {
    if (!step.parallel() || context.is_used(step.name)) continue;
    for (const StepInput& input : step.inputs) {
      const auto folder = mltable_to_split(context.pipeline, input);
      if (!folder) continue;
      auto [known, first] = read.try_emplace(*folder);
      if (first) known->second = read_mltable(*folder, MLTablePart::all, context.pipeline.places);
      if (known->second.table) check_keys(context, step, input, *known->second.table);
    }
  }
  std::vector<ReadMLTable> all;
  for (auto& [folder, table] : read) {
    for (const Diagnostic& mistake : table.diagnostics.all())
      if (mistake.severity == Severity::error) context.error_at(mistake.where, mistake.message, mistake.hint);
    all.push_back(std::move(table));
  }
  return all;
}

}  // namespace mlpipe::spec
