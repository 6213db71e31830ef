// What happens while a pipeline runs. lib/run emits these and never prints; lib/report has the sinks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "batch/record/ended_try.h"
#include "batch/record/outcome.h"
#include "store/run_record.h"

namespace mlpipe {

struct RunStarted {
  RunHeader header;
  std::vector<std::string> steps;  // selected ones, in an order that respects their needs
  int jobs = 1;
  Path folder;                     // runs/<id>
};
struct Notice {
  std::string step;  // or empty
  std::string message, hint;
};
struct StepWaiting {  // another mlpipe process is running the same step; its result will be taken
  std::string step;
};
struct StepStarted {
  std::string step, reason;
  Path logs;
  int attempt = 1;
  bool parallel = false;
};
struct StepOutputText {  // not cut at lines
  std::string step, worker;  // worker: of a parallel step, else empty
  bool is_stderr = false;
  std::string text;
  std::optional<std::uint64_t> mini_batch{};  // that the worker was busy with
};
struct WorkerEnded {
  std::string step, worker;
  WallTime began;
  Seconds took{};
  std::string cause;  // empty: it ended when it was asked to
};
struct MiniBatchEnded {  // one try of it
  std::string step, worker;
  EndedTry tried;
};
struct StepProgress {
  std::string step;
  ParallelProgress progress;
};
struct StepRetried {
  std::string step, cause;
  int attempt = 2;
};
// Ran, reused, used, failed, skipped or stopped.
struct StepEnded {
  StepRecord record;
  std::vector<std::string> details;  // of a failure: last lines of stderr or the traceback
  std::optional<std::uint64_t> mini_batch;
  std::vector<std::string> items;    // of that mini-batch, the first few
  Path log;                          // where to read on
  std::string again;                 // command line that runs only this step again
  std::string replay;                // command line that runs only that mini-batch, in the foreground
  std::string hint;
  std::vector<std::pair<std::string, Path>> published;  // output name -> where it was copied
};
struct RunEnded {
  RunInfo info;
  std::string hint;  // what to type next, after a failure
  std::vector<std::pair<std::string, Path>> outputs{};  // of the pipeline
};

using Event = std::variant<RunStarted, Notice, StepWaiting, StepStarted, StepOutputText, WorkerEnded, MiniBatchEnded, StepProgress, StepRetried, StepEnded,
                           RunEnded>;

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on(const Event& event) = 0;
  // Time has passed while steps run, about four times a second: for what shows time. `memory`: bytes, of all processes of each running step.
  virtual void pulse(const std::map<std::string, std::uint64_t>& memory) { (void)memory; }
};

}  // namespace mlpipe
