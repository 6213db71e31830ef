#include "batch/plan/make_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "batch/plan/group_split.h"
#include "batch/plan/rank_split.h"
#include "batch/plan/table_split.h"

namespace mlpipe {
namespace {

using Input = ParallelJob::Input;

constexpr std::uint64_t default_table_bytes = 1 << 20;  // of a mini-batch; where the spec says table, its reader has settled it

const std::string& format_of(const Input& input) { return input.mltable ? input.mltable->partition_format : input.table.partition_format; }

std::uint64_t bytes_of(const ParallelJob& job) {
  const auto& config = job.config;
  const bool settled = !job.inputs.front().mltable || config.mini_batch_size_given || !config.mini_batch_size.is_count;
  return settled ? static_cast<std::uint64_t>(config.mini_batch_size.value) : default_table_bytes;
}

Result<std::unique_ptr<const Split>> split_tables(const ParallelJob& job) {
  std::vector<TableInput> inputs;
  for (const Input& input : job.inputs) {
    inputs.push_back({input.name, input.path, input.tree.get(), input.table, input.mltable.get()});
    if (!input.mltable) continue;
    MLPIPE_TRY(inputs.back().files, mltable_files(*input.mltable, *input.tree, input.beyond));
  }
  const auto& config = job.config;
  if (!config.partition_keys.empty()) return TableSplit::by_keys(inputs, config.partition_keys, job.sample);
  return TableSplit::by_size(inputs, bytes_of(job), job.sample);
}

// The files of an MLTable, in its order; those that follow each other in one folder make a folder of the listing.
Status list_mltable(const Input& input, ItemListing& listing) {
  MLPIPE_TRY(const auto files, mltable_files(*input.mltable, *input.tree, input.beyond));
  listing.add_input(input.name, input.path);
  bool first = true;
  for (const Path file : files) {
    const std::string folder = file.parent_path().string();
    if (std::exchange(first, false) || listing.folders.back().path != folder) listing.add_folder(folder);
    listing.add_item(file.filename().string());
  }
  if (files.empty()) return Error{ErrorKind::step_failed, fmt::format("input `{}` has no files: {}", input.name, shown_path(input.path)), {}};
  return {};
}

Result<MiniBatchPlan> plan_files(const ParallelJob& job) {
  ItemListing listing;
  std::vector<std::string> formats;
  for (const Input& input : job.inputs) {
    if (input.mltable) MLPIPE_TRY_VOID(list_mltable(input, listing));
    else MLPIPE_TRY_VOID(list_items(input.name, input.path, *input.tree, listing));
    formats.push_back(format_of(input));
    if (formats.back().empty() && !job.config.partition_keys.empty())
      return Error{ErrorKind::step_failed, fmt::format("input `{}` has no partition format, but its step has partition_keys", input.name),
                   "give its MLTable the transformation extract_columns_from_partition_format"};
  }
  if (!job.config.partition_keys.empty()) {
    MLPIPE_TRY(auto split, GroupSplit::make(std::move(listing), formats, job.config.partition_keys, job.sample));
    return MiniBatchPlan(std::move(split));
  }
  if (!job.config.mini_batch_size.is_count)
    return Error{ErrorKind::step_failed, fmt::format("mini_batch_size is a size, but the items of input `{}` are files", job.inputs.front().name),
                 "write how many files make a mini-batch; an MLTable is read as rows when it has a read_delimited, read_json_lines or read_parquet"};
  return MiniBatchPlan(std::move(listing), static_cast<std::uint64_t>(job.config.mini_batch_size.value), job.sample);
}

// Of a step that a model scores without Python.
Status check_model_inputs(const ParallelJob& job, bool tables) {
  const ParallelJob::Input& first = job.inputs.front();
  const bool wants_table = job.config.scoring.input == ScoringInput::table;
  if (tables && !wants_table)
    return Error{ErrorKind::spec, fmt::format("input `{}` is a table, and scoring.input says something else", first.name), "input: table, with the columns that the model takes"};
  if (!tables && wants_table)
    return Error{ErrorKind::spec, fmt::format("scoring.input is table, but input `{}` is not", first.name), "declare it with `type: table`"};
  if (tables && first.mltable)
    return Error{ErrorKind::spec, fmt::format("input `{}` is an MLTable, which only Python reads", first.name),
                 "declare its files with `type: table`, or score with an entry_script"};
  return {};
}

// What the spec could not tell of MLTables, as they may have come into being just now.
Status check_kinds(const ParallelJob& job) {
  const auto tables = std::count_if(job.inputs.begin(), job.inputs.end(), is_table);
  if (tables > 0 && static_cast<std::size_t>(tables) < job.inputs.size())
    return Error{ErrorKind::spec, "step `" + job.step + "` mixes tables and files", "give a step inputs of one kind"};
  return job.config.model ? check_model_inputs(job, tables > 0) : Status();
}

}  // namespace

Result<MiniBatchPlan> plan_of(const ParallelJob& job) {
  const auto& config = job.config;
  if (const auto count = config.flags.rank_mini_batch_count) return MiniBatchPlan(std::make_unique<RankSplit>(static_cast<std::uint64_t>(*count)));
  if (config.mini_batch_size.value < 1) return Error{ErrorKind::spec, "mini_batch_size must be at least 1", {}};
  if (job.inputs.empty()) return Error{ErrorKind::spec, "step `" + job.step + "` has no input to split", "declare one under inputs"};
  MLPIPE_TRY_VOID(check_kinds(job));
  if (!is_table(job.inputs.front())) return plan_files(job);
  MLPIPE_TRY(auto split, split_tables(job));
  return MiniBatchPlan(std::move(split));
}

}  // namespace mlpipe
