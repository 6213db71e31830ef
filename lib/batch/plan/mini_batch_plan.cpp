#include "batch/plan/mini_batch_plan.h"

#include <algorithm>

#include "batch/plan/file_split.h"
#include "batch/plan/group_split.h"
#include "batch/plan/plan_text.h"
#include "batch/plan/rank_split.h"
#include "batch/plan/table_split.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

constexpr std::pair<std::string_view, SplitReader> kinds[] = {
    {FileSplit::heading, &FileSplit::read}, {GroupSplit::heading, &GroupSplit::read},
    {TableSplit::heading, &TableSplit::read}, {RankSplit::heading, &RankSplit::read}};

}  // namespace

MiniBatchPlan::MiniBatchPlan(ItemListing listing, std::uint64_t size, std::optional<std::uint64_t> sample)
    : MiniBatchPlan(std::make_unique<FileSplit>(std::move(listing), size, sample)) {}

Slice MiniBatchPlan::clipped(std::uint64_t mini_batch, Slice slice) const {
  const auto items = items_of(mini_batch);
  slice.first = std::min(slice.first, items);
  slice.count = std::min(slice.count, items - slice.first);
  return slice;
}

wire::MiniBatch MiniBatchPlan::message(std::uint64_t mini_batch, std::uint32_t attempt, Slice slice) const {
  wire::MiniBatch message;
  message.id = mini_batch;
  message.attempt = attempt;
  split_->fill(message, mini_batch, clipped(mini_batch, slice));
  return message;
}

std::vector<std::string> MiniBatchPlan::names_of(std::uint64_t mini_batch, Slice slice, std::uint32_t most) const {
  slice = clipped(mini_batch, slice);
  if (split_->names_are_items()) slice.count = std::min(slice.count, most);
  auto names = split_->names_of(mini_batch, slice);
  if (names.size() > most) names.resize(most);
  return names;
}

std::vector<std::string> MiniBatchPlan::item_names(std::uint64_t mini_batch, Slice slice) const {
  return split_->item_names(mini_batch, clipped(mini_batch, slice));
}

Result<MiniBatchPlan> MiniBatchPlan::parse(std::string_view bytes) {
  for (const auto& [heading, read] : kinds) {
    if (!bytes.starts_with(heading)) continue;
    MLPIPE_TRY(auto split, read(bytes));
    return MiniBatchPlan(std::move(split));
  }
  return damaged_plan();
}

Digest MiniBatchPlan::digest() const { return digest_of(serialise()); }

}  // namespace mlpipe
