// Failures of all processes, those with one cause together: the same exception from the same line, whatever its message says.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "batch/logs/failures.h"
#include "batch/logs/mini_batch_table.h"

namespace mlpipe {

class FailureGroups {
 public:
  // `failure` as people may see it: its first one of a group is shown.
  void add(int worker, TryEnd how, const Failure& failure);

  bool empty() const { return groups_.empty(); }
  // Most frequent first: how often, what, in which processes, where first, and its traceback. Exceptions alone, or all.
  std::string exceptions() const { return text(true); }
  std::string all() const { return text(false); }

 private:
  struct Group {
    std::string cause, traceback;
    bool exception = false;
    std::optional<std::uint64_t> mini_batch;
    std::uint64_t count = 0;
    std::map<int, std::uint64_t> workers;
  };
  std::string text(bool only_exceptions) const;
  static std::string describe(const Group& group);

  std::map<std::string, Group> groups_;
  std::uint64_t others_ = 0;  // of more kinds than anybody reads
};

}  // namespace mlpipe
