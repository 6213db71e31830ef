// Files cut by their number: a mini-batch never mixes folders, the rest of each folder is a short mini-batch.
#pragma once

#include <optional>

#include "batch/plan/item_listing.h"
#include "batch/plan/split.h"

namespace mlpipe {

class FileSplit final : public Split {
 public:
  // `size`: items a mini-batch, at least 1. `sample`: only the first that many items.
  FileSplit(ItemListing listing, std::uint64_t size, std::optional<std::uint64_t> sample = {});

  // "mlpipe mini-batches 1\n", then as text with '\n': size, number of inputs, of folders;
  // each input's name '\0'; each folder: input '\n' count '\n' path '\0'; all names, each '\0'
  static constexpr std::string_view heading = "mlpipe mini-batches 1\n";
  static Result<std::unique_ptr<const Split>> read(std::string_view bytes);

  std::uint64_t mini_batches() const override { return mini_batches_; }
  std::uint64_t items() const override { return items_; }
  std::uint32_t items_of(std::uint64_t mini_batch) const override;
  bool divisible(std::uint64_t) const override { return true; }
  void fill(wire::MiniBatch& message, std::uint64_t mini_batch, Slice slice) const override;
  std::vector<std::string> names_of(std::uint64_t mini_batch, Slice slice) const override;
  std::string serialise() const override;

 private:
  struct Range {
    const ItemListing::Folder* folder;
    std::uint64_t first, count;
  };
  Range range_of(std::uint64_t mini_batch) const;

  ItemListing listing_;
  std::uint64_t size_;
  std::uint64_t items_ = 0, mini_batches_ = 0;
  std::vector<std::uint64_t> first_mini_batch_;  // of each folder
};

}  // namespace mlpipe
