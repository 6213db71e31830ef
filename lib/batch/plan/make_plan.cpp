#include "batch/plan/make_plan.h"

#include "batch/plan/group_split.h"
#include "batch/plan/rank_split.h"
#include "batch/plan/table_split.h"

namespace mlpipe {
namespace {

Result<std::unique_ptr<const Split>> split_tables(const ParallelJob& job) {
  std::vector<TableInput> inputs;
  for (const auto& input : job.inputs) {
    if (input.type != DataType::table)
      return Error{ErrorKind::spec, "step `" + job.step + "` mixes tables and files", "give a step inputs of one kind"};
    inputs.push_back({input.name, input.path, input.tree.get(), input.table});
  }
  const auto& config = job.config;
  if (!config.partition_keys.empty()) return TableSplit::by_keys(inputs, config.partition_keys, job.sample);
  return TableSplit::by_size(inputs, static_cast<std::uint64_t>(config.mini_batch_size.value), job.sample);
}

Result<MiniBatchPlan> plan_files(const ParallelJob& job) {
  ItemListing listing;
  std::vector<std::string> formats;
  for (const auto& input : job.inputs) {
    MLPIPE_TRY_VOID(list_items(input.name, input.path, *input.tree, listing));
    formats.push_back(input.table.partition_format);
  }
  if (job.config.partition_keys.empty())
    return MiniBatchPlan(std::move(listing), static_cast<std::uint64_t>(job.config.mini_batch_size.value), job.sample);
  MLPIPE_TRY(auto split, GroupSplit::make(std::move(listing), formats, job.config.partition_keys, job.sample));
  return MiniBatchPlan(std::move(split));
}

}  // namespace

Result<MiniBatchPlan> plan_of(const ParallelJob& job) {
  const auto& config = job.config;
  if (const auto count = config.flags.rank_mini_batch_count) return MiniBatchPlan(std::make_unique<RankSplit>(static_cast<std::uint64_t>(*count)));
  if (config.mini_batch_size.value < 1) return Error{ErrorKind::spec, "mini_batch_size must be at least 1", {}};
  if (job.inputs.empty()) return Error{ErrorKind::spec, "step `" + job.step + "` has no input to split", "declare one under inputs"};
  if (job.inputs.front().type != DataType::table) return plan_files(job);
  MLPIPE_TRY(auto split, split_tables(job));
  return MiniBatchPlan(std::move(split));
}

}  // namespace mlpipe
