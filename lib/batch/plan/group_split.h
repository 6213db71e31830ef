// Files grouped by partition keys: a mini-batch for each combination of the keys' values that an input has, in the order of
// the values; within it the files in the order of the listing.
#pragma once

#include <optional>

#include "batch/plan/item_listing.h"
#include "batch/plan/split.h"
#include "pipeline/partition_format.h"

namespace mlpipe {

class GroupSplit final : public Split {
 public:
  // `formats`: of each input of the listing; each has all keys.
  // Error: a file's path does not fit its input's format.
  static Result<std::unique_ptr<const Split>> make(ItemListing listing, const std::vector<std::string>& formats,
                                                   const std::vector<std::string>& keys, std::optional<std::uint64_t> sample);

  // "mlpipe file groups 1\n", then by PlanWriter: the number of keys and each of them and whether it is a time; the number of
  // groups and each group's values and number of files; each file's number in the listing; the listing
  static constexpr std::string_view heading = "mlpipe file groups 1\n";
  static Result<std::unique_ptr<const Split>> read(std::string_view bytes);

  std::uint64_t mini_batches() const override { return groups_.size(); }
  std::uint64_t items() const override { return order_.size(); }
  std::uint32_t items_of(std::uint64_t mini_batch) const override { return groups_[mini_batch].count; }
  bool divisible(std::uint64_t) const override { return false; }
  void fill(wire::MiniBatch& message, std::uint64_t mini_batch, Slice slice) const override;
  std::vector<std::string> names_of(std::uint64_t mini_batch, Slice slice) const override;
  std::string serialise() const override;

 private:
  struct Group {
    std::vector<std::string> values;
    std::uint64_t first = 0;  // in order_
    std::uint32_t count = 0;
  };
  class Grouper;

  const ItemListing::Folder& folder_of(std::uint64_t item) const;

  std::vector<PartitionFormat::Column> keys_;
  std::vector<Group> groups_;
  std::vector<std::uint64_t> order_;  // items of the listing
  ItemListing listing_;
};

}  // namespace mlpipe
