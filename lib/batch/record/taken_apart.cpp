#include "batch/record/taken_apart.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mlpipe {

void TakenApart::scored(Slice slice, std::uint32_t items, std::uint32_t failed, std::uint64_t returned, std::string rows,
                        std::vector<FailedItem> named) {
  left_ -= items;
  failed_ += failed;
  returned_ += returned;
  rows_[slice.first] = std::move(rows);
  std::move(named.begin(), named.end(), std::back_inserter(failed_items_));
}

void TakenApart::lost(FailedItem item) {
  --left_;
  ++failed_;
  failed_items_.push_back(std::move(item));
}

std::string TakenApart::rows() const {
  std::string all;
  for (const auto& [first, rows] : rows_) all += rows;
  return all;
}

std::vector<FailedItem> TakenApart::take_failed_items() {
  std::stable_sort(failed_items_.begin(), failed_items_.end(), [](const FailedItem& a, const FailedItem& b) { return a.number < b.number; });
  return std::move(failed_items_);
}

}  // namespace mlpipe
