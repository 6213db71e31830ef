// A mini-batch that used up its tries and is taken apart: what its parts gave, put together again. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "batch/plan/mini_batch_plan.h"
#include "batch/record/failed_items.h"

namespace mlpipe {

class TakenApart {
 public:
  explicit TakenApart(std::uint32_t items) : left_(items) {}

  // What a part of `items` items gave; `failed` counts those of them that failed, whether `named` names them or not.
  void scored(Slice slice, std::uint32_t items, std::uint32_t failed, std::uint64_t returned, std::string rows, std::vector<FailedItem> named);
  // An item that failed alone.
  void lost(FailedItem item);

  bool settled() const { return left_ == 0; }  // every item is accounted for
  std::uint32_t failed() const { return failed_; }
  std::uint64_t returned() const { return returned_; }
  // In the order of the items.
  std::string rows() const;
  std::vector<FailedItem> take_failed_items();

 private:
  std::uint32_t left_, failed_ = 0;
  std::uint64_t returned_ = 0;
  std::map<std::uint32_t, std::string> rows_;  // by a part's first item
  std::vector<FailedItem> failed_items_;
};

}  // namespace mlpipe
