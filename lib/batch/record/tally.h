// Counts items and mini-batches, each once, and holds them against the step's thresholds. Pure.
//
//   error_threshold         failed items: what run() returned too little, and all items of given-up mini-batches
//   allowed_failed_count    given-up mini-batches
//   allowed_failed_percent  given-up mini-batches in percent of all; judged at the end only
// Only final failures count: a try that failed and was made good is no failure (Azure may count it). Of a mini-batch that was taken
// apart only the bad items count, where Azure would count it and all of its items: as_azure says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "pipeline/parallel_run_config.h"
#include "store/store.h"

namespace mlpipe {

class Tally {
 public:
  Tally(const ParallelRunConfig& config, std::uint64_t mini_batches, std::uint64_t items);
  // What an earlier run counted, held against the thresholds of now.
  Tally(const ParallelRunConfig& config, const ScoreCounts& counts);

  void finished(std::uint32_t items, std::uint32_t failed_items, std::uint64_t rows, bool taken_apart = false);
  void given_up(std::uint32_t items);

  // Too much has failed already.
  // `open`: failed items of mini-batches that are still being taken apart.
  std::optional<Error> exceeded(std::uint64_t open = 0) const;
  // The same once everything has been tried; also when append_row got not one succeeded item.
  std::optional<Error> verdict() const;
  // What Azure would have counted and made of it; empty: the same.
  std::string as_azure() const;

  std::uint64_t mini_batches() const { return mini_batches_; }
  std::uint64_t items() const { return items_; }
  std::uint64_t done() const { return done_; }
  std::uint64_t items_done() const { return items_done_; }  // failed ones among them
  std::uint64_t failed() const { return failed_; }
  std::uint64_t items_failed() const { return items_failed_; }
  ScoreCounts counts() const { return {mini_batches_, failed_, items_, items_failed_, rows_}; }

 private:
  std::optional<Error> above_thresholds(std::uint64_t items, std::uint64_t mini_batches) const;
  std::optional<Error> above_percent(std::uint64_t mini_batches) const;

  long long error_threshold_, allowed_failed_count_;
  double allowed_failed_percent_;
  bool rows_wanted_;
  std::uint64_t mini_batches_, items_;
  std::uint64_t done_ = 0, failed_ = 0, items_done_ = 0, items_failed_ = 0, rows_ = 0;
  std::uint64_t rescued_ = 0, items_rescued_ = 0;  // mini-batches that were taken apart, and their items that did not fail
};

}  // namespace mlpipe
