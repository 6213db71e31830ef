// What a run's logs know about one mini-batch of a parallel step.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/csv_text.h"
#include "system/clock.h"
#include "system/files.h"

namespace mlpipe {

struct MiniBatchTry {
  std::vector<std::pair<std::string, std::string>> fields;  // a line of processed_mini-batches.csv: column, value; empty ones left out
  std::string worker;                                       // "process000"; empty: not said
  WallTime begun{}, ended{};                                // by that line; epoch: not said
};

struct MiniBatchLogs {
  std::vector<MiniBatchTry> tries;                           // in the order they ended
  std::vector<std::pair<std::string, std::string>> failures; // of user/error: file below the logs, what it says about a try
  std::vector<std::pair<std::string, std::string>> printed;  // what its worker printed and logged meanwhile: file, lines

  bool says_nothing() const { return tries.empty() && failures.empty() && printed.empty(); }
};

// `logs`: of the step, in its run. What is missing or unreadable is left out.
MiniBatchLogs mini_batch_logs(const Path& logs, std::uint64_t mini_batch);

// The tries alone.
std::vector<MiniBatchTry> tries_of(const Path& logs, std::uint64_t mini_batch);
// The parts of an error file (worker_logs.h) that are about one mini-batch: each begins with a line "TIME mini-batch N ...".
std::string failures_of(std::string_view text, std::uint64_t mini_batch);
// When a process was busy with the mini-batch of these tries, as far as they say it.
std::vector<std::pair<WallTime, WallTime>> busy_with(const std::vector<MiniBatchTry>& tries, const std::string& process);
// Files are named by it: "process000.stdout.txt" -> "process000"; empty: it is no worker's.
std::string process_of_log(const Path& file);

}  // namespace mlpipe
