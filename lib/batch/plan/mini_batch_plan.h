// Which items each mini-batch has: a pure function of the inputs' content and the configuration, so that a resume that
// finds the same inputs finds the same mini-batches under the same numbers. What an item is depends on the inputs: a file,
// a row of a table, or nothing at all (rank mini-batches).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "batch/plan/item_listing.h"
#include "batch/plan/slice.h"
#include "batch/plan/split.h"

namespace mlpipe {

// Mini-batches and items count from 0.
class MiniBatchPlan {
 public:
  explicit MiniBatchPlan(std::unique_ptr<const Split> split) : split_(std::move(split)) {}
  // Files by their number, see FileSplit.
  MiniBatchPlan(ItemListing listing, std::uint64_t size, std::optional<std::uint64_t> sample = {});

  std::uint64_t mini_batches() const { return split_->mini_batches(); }
  std::uint64_t items() const { return split_->items(); }
  std::uint32_t items_of(std::uint64_t mini_batch) const { return split_->items_of(mini_batch); }
  // Whether a part of it may be scored alone: false for partition groups and rank mini-batches, whose items belong together.
  bool divisible(std::uint64_t mini_batch) const { return split_->divisible(mini_batch); }
  // What a worker is sent: references to the data, never the data.
  wire::MiniBatch message(std::uint64_t mini_batch, std::uint32_t attempt, Slice slice = {}) const;
  // The same for people: paths of files, or "/data/a.csv rows 120-179". Not more than `most` of them.
  std::vector<std::string> names_of(std::uint64_t mini_batch, Slice slice = {}, std::uint32_t most = UINT32_MAX) const;
  // One name an item: "/data/a.csv row 120".
  std::vector<std::string> item_names(std::uint64_t mini_batch, Slice slice = {}) const;

  // Everything but where the inputs lie, as bytes that say the same on every machine.
  std::string serialise() const { return split_->serialise(); }
  // The inverse; inputs then lie nowhere, so names are relative paths. Error (kind store): damaged.
  static Result<MiniBatchPlan> parse(std::string_view bytes);
  Digest digest() const;

 private:
  Slice clipped(std::uint64_t mini_batch, Slice slice) const;

  std::unique_ptr<const Split> split_;
};

}  // namespace mlpipe
