// Workers that the kernel killed because memory ran out. Pure, but for the counter that it is given (system/host.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>

namespace mlpipe {

class MemoryKills {
 public:
  explicit MemoryKills(std::function<std::uint64_t()> count) : count_(std::move(count)), explained_(count_()), lately_(explained_) {}

  // After a SIGKILL that nobody here sent. Each of the kernel's kills explains one death.
  bool explain() {
    const bool ran_out = count_() > explained_;
    explained_ += ran_out;
    return ran_out;
  }
  // Called now and then: kills from before the last call were others' and explain nothing.
  void forget_old() { explained_ = std::max(explained_, std::exchange(lately_, count_())); }

  // Whether this mini-batch shall be tried again with fewer workers, at no cost: once.
  bool spares(std::uint64_t mini_batch) { return spared_.insert(mini_batch).second; }

 private:
  std::function<std::uint64_t()> count_;
  std::uint64_t explained_, lately_;
  std::set<std::uint64_t> spared_;
};

}  // namespace mlpipe
