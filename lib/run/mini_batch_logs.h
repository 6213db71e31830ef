// What a run's logs know about one mini-batch of a parallel step.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

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
  std::vector<std::pair<std::string, std::string>> printed;  // lines with a time at which its worker was busy with it: file, lines
};

// `logs`: of the step, in its run. What is missing or unreadable is left out.
MiniBatchLogs mini_batch_logs(const Path& logs, std::uint64_t mini_batch);

// The parts of an error file (worker_logs.h) that are about one mini-batch: each begins with a line "TIME mini-batch N ...".
std::string failures_of(std::string_view text, std::uint64_t mini_batch);
// Lines that begin with a time (as logging writes it, or as we do) from `begun` to `ended`, and those that follow them without one.
std::string lines_between(std::string_view text, WallTime begun, WallTime ended);
// Records of comma-separated values; quoted fields may hold commas, quotes and line ends.
std::vector<std::vector<std::string>> read_csv(std::string_view text);

}  // namespace mlpipe
