// Which items each mini-batch has: a pure function of the inputs' trees and the configuration, so that a resume that
// finds the same files finds the same mini-batches under the same numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "batch/item_listing.h"

namespace mlpipe {

// Some of a mini-batch's items, in their order: all of them, or a part of one that is taken apart to find its bad items.
struct Slice {
  static constexpr std::uint32_t rest = UINT32_MAX;
  std::uint32_t first = 0;
  std::uint32_t count = rest;  // rest: up to the end

  friend bool operator==(const Slice&, const Slice&) = default;
};

// Mini-batches and items count from 0. A mini-batch never mixes folders: the rest of each folder is a short mini-batch.
class MiniBatchPlan {
 public:
  // `size`: items a mini-batch, at least 1. `sample`: only the first that many items.
  MiniBatchPlan(ItemListing listing, std::uint64_t size, std::optional<std::uint64_t> sample = {});

  std::uint64_t mini_batches() const { return mini_batches_; }
  std::uint64_t items() const { return items_; }
  std::uint32_t items_of(std::uint64_t mini_batch) const;
  // Whether a part of it may be scored alone: its items do not belong together.
  bool divisible(std::uint64_t) const { return true; }
  // Whole paths of a mini-batch's items.
  std::vector<std::string> paths_of(std::uint64_t mini_batch, Slice slice = {}) const;

  // Everything but where the inputs lie, as bytes that say the same on every machine:
  //   "mlpipe mini-batches 1\n", then as text with '\n': size, number of inputs, of folders;
  //   each input's name '\0'; each folder: input '\n' count '\n' path '\0'; all names, each '\0'
  std::string serialise() const;
  // The inverse; bases are empty, so paths_of gives relative paths. Error (kind store): damaged.
  static Result<MiniBatchPlan> parse(std::string_view bytes);
  Digest digest() const;

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
