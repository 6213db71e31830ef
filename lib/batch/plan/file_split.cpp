#include "batch/plan/file_split.h"

#include <algorithm>
#include <cassert>

#include "batch/plan/plan_text.h"

namespace mlpipe {

FileSplit::FileSplit(ItemListing listing, std::uint64_t size, std::optional<std::uint64_t> sample)
    : listing_(std::move(listing)), size_(size) {
  assert(size_ > 0);
  if (sample) listing_.keep_first(*sample);
  items_ = listing_.items();
  for (const auto& folder : listing_.folders) {
    first_mini_batch_.push_back(mini_batches_);
    mini_batches_ += (folder.count + size_ - 1) / size_;
  }
}

FileSplit::Range FileSplit::range_of(std::uint64_t mini_batch) const {
  assert(mini_batch < mini_batches_);
  const auto after = std::upper_bound(first_mini_batch_.begin(), first_mini_batch_.end(), mini_batch);
  const auto index = static_cast<std::size_t>(after - first_mini_batch_.begin()) - 1;
  const auto& folder = listing_.folders[index];
  const auto skipped = (mini_batch - first_mini_batch_[index]) * size_;
  return {&folder, folder.first + skipped, std::min(size_, folder.count - skipped)};
}

std::uint32_t FileSplit::items_of(std::uint64_t mini_batch) const { return static_cast<std::uint32_t>(range_of(mini_batch).count); }

void FileSplit::fill(wire::MiniBatch& message, std::uint64_t mini_batch, Slice slice) const { message.items = names_of(mini_batch, slice); }

std::vector<std::string> FileSplit::names_of(std::uint64_t mini_batch, Slice slice) const {
  const auto range = range_of(mini_batch);
  const std::string prefix = listing_.prefix_of(*range.folder);
  std::vector<std::string> paths;
  paths.reserve(slice.count);
  for (std::uint64_t item = range.first + slice.first; item < range.first + slice.first + slice.count; ++item) {
    paths.push_back(prefix);
    paths.back() += listing_.name(item);
  }
  return paths;
}

std::string FileSplit::serialise() const {
  PlanWriter out(heading);
  out.number(size_);
  listing_.write(out);
  return std::move(out.text);
}

Result<std::unique_ptr<const Split>> FileSplit::read(std::string_view bytes) {
  PlanReader in(bytes.substr(heading.size()));
  const auto size = in.number();
  auto listing = ItemListing::read(in);
  if (!in.done() || size == 0) return damaged_plan();
  return std::unique_ptr<const Split>(std::make_unique<FileSplit>(std::move(listing), size));
}

}  // namespace mlpipe
