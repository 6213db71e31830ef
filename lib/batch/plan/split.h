// One way of cutting inputs into mini-batches. Each is made once, never changes, and says the same on every machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "batch/plan/slice.h"
#include "worker/protocol.h"

namespace mlpipe {

class Split {
 public:
  virtual ~Split() = default;

  virtual std::uint64_t mini_batches() const = 0;
  virtual std::uint64_t items() const = 0;
  virtual std::uint32_t items_of(std::uint64_t mini_batch) const = 0;
  virtual bool divisible(std::uint64_t mini_batch) const = 0;
  // Everything of the message but its id and attempt. `slice` lies within the mini-batch, and its count is no `rest`.
  virtual void fill(wire::MiniBatch& message, std::uint64_t mini_batch, Slice slice) const = 0;
  virtual std::vector<std::string> names_of(std::uint64_t mini_batch, Slice slice) const = 0;
  virtual bool names_are_items() const { return true; }
  virtual std::vector<std::string> item_names(std::uint64_t mini_batch, Slice slice) const { return names_of(mini_batch, slice); }
  // As bytes, without where the inputs lie. The first line names the kind: see the functions that read them.
  virtual std::string serialise() const = 0;
};

using SplitReader = Result<std::unique_ptr<const Split>> (*)(std::string_view bytes);

}  // namespace mlpipe
