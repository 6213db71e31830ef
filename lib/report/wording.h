// The words for events and records, shared by the console and the commands that print records.
#pragma once

#include <string>
#include <vector>

#include "run/events.h"

namespace mlpipe {

// "120 mini-batches, 1200 items, 3 failed items, 1197 rows"; empty for steps that count nothing.
std::string describe(const ScoreCounts& counts);
// "2 ran, 3 reused".
std::string count_states(const std::vector<StepRecord>& steps);
// "5 steps: 2 ran, 3 reused in 43 ms".
std::string last_line(const RunInfo& run);

// One line: "done in 1.24 s", "reused from run 2026...", "failed after 3 ms: exit code 3".
std::string outcome(const StepRecord& record);
// What to know about a failure, a line each, without indentation: cause, the tail of its output, mini-batch, where the log
// is, how to run it again, how to debug that mini-batch.
std::vector<std::string> explain_failure(const StepEnded& ended);
// "cause: ...", "hint: ...", "more: docs/troubleshooting.md#..." of each.
std::vector<std::string> lines_of(const std::vector<Finding>& findings);

// What a parallel step has before it: "276 mini-batches of 551 items".
std::string planned(const ParallelProgress& progress);
// "40/120 mini-batches, 3 failed".
std::string describe(const ParallelProgress& progress);
std::string time_left(Seconds remaining);  // "3 m 05 s left": an estimate, so without milliseconds

}  // namespace mlpipe
