// What went wrong in a parallel step, for people: the root cause first, and text about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "batch/parallel_step.h"
#include "system/clock.h"
#include "system/files.h"

namespace mlpipe {

struct Failure {
  std::string cause;
  std::string traceback;
  std::optional<std::uint64_t> mini_batch;
  std::vector<std::string> items;
  Path log;
};

// Remembers the first failure that counted. Later ones are consequences, repetitions, or in the logs.
class Failures {
 public:
  void add(Failure failure);
  const std::optional<Failure>& first() const { return first_; }

  // True for the first few: a step where everything fails must not flood the terminal.
  bool worth_a_notice() { return notices_++ < 5; }

  static std::string heading(WallTime when, const std::string& what);
  static std::string list_items(const std::vector<std::string>& items);
  static std::string summary(const ParallelOutcome& outcome);

 private:
  std::optional<Failure> first_;
  int notices_ = 0;
};

}  // namespace mlpipe
