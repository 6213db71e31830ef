// What went wrong in a parallel step, for people: the root cause first, and text about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "batch/plan/assignment.h"
#include "batch/plan/job.h"
#include "batch/record/failed_items.h"
#include "system/clock.h"
#include "system/files.h"

namespace mlpipe {

struct Failure {
  std::string cause;
  std::string traceback;
  std::optional<std::uint64_t> mini_batch;
  std::vector<std::string> items;
  Path log;
  FailedItem::Kind kind = FailedItem::Kind::exception;
  int signal = 0;
  std::uint64_t peak_memory = 0;  // bytes; 0: not known
  std::string last_words{};       // the end of what the worker wrote to stderr

  // Without what only the step knows: its item, tries, and the worker's last words.
  FailedItem failed_item() const;
};

// Remembers the first failure that counted. Later ones are consequences, repetitions, or in the logs.
class Failures {
 public:
  void add(Failure failure);
  // Of a mini-batch that is taken apart: stands for the cause as long as nothing better is known.
  void suspect(Failure failure);
  const std::optional<Failure>& first() const { return first_ ? first_ : suspect_; }

  // True for the first few: a step where everything fails must not flood the terminal.
  bool worth_a_notice() { return notices_++ < 5; }
  // The first one that was not.
  bool begins_to_be_silent() const { return notices_ == 6; }

  // "mini-batch 7 failed (try 2 of 3)", or of a part: "mini-batch 7: item 12 fails alone".
  static std::string title(const Assignment& assignment, std::uint32_t items, int run_max_try);
  static std::string heading(WallTime when, const std::string& what);
  static std::string list_items(const std::vector<std::string>& items);

  // Of a mini-batch that is done but for some of its items.
  static Failure of_items(std::uint64_t mini_batch, const std::vector<FailedItem>& items);
  static std::string list_failed(const std::vector<FailedItem>& items);  // with their reasons, a line each

 private:
  std::optional<Failure> first_, suspect_;
  int notices_ = 0;
};

}  // namespace mlpipe
