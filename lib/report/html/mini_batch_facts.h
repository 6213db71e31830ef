// What processed_mini-batches.csv (batch/logs/mini_batch_table.h) says of a parallel step, for pictures: every try as numbers in columns,
// and sums of all of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe::html {

// Tries, one an entry of each column, in the order they ended. Times in microseconds, `begun` since the first of all began.
struct TryColumns {
  std::vector<std::uint64_t> mini_batch, picked, worker, begun, elapsed, items, failed;
  std::vector<bool> good;  // ended with an answer; some of its items may have failed
};

struct WorkerSums {
  std::uint64_t worker = 0, tries = 0, failed_tries = 0, items = 0, busy = 0;  // busy: microseconds
};

struct FailedTry {
  std::uint64_t mini_batch = 0, picked = 0, worker = 0;
  std::string category, message;
};

struct MiniBatchFacts {
  TryColumns tries;              // all; or, of very many, the failed ones and every n-th of the others
  std::uint64_t all_tries = 0;
  std::uint64_t failed_tries = 0, items = 0;
  std::uint64_t least = 0, median = 0, p95 = 0, most = 0;  // of the times of tries with an answer, microseconds
  std::vector<WorkerSums> workers;
  std::vector<FailedTry> failures;  // the first few
  bool cut = false;              // the text was: there are more tries than these
};

// Lines that are damaged are left out. `most`: of tries in columns.
MiniBatchFacts mini_batch_facts(std::string_view csv, std::size_t most = 20'000);

}  // namespace mlpipe::html
