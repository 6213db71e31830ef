// ParallelRunStep, runner side: cuts the input into mini-batches, keeps workers busy and alive, writes each row exactly once.
// Lives inside the runner's event loop; everything it has to say goes through a listener.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "batch/plan/job.h"
#include "batch/record/ended_try.h"
#include "batch/record/outcome.h"
#include "system/clock.h"
#include "system/event_loop.h"

namespace mlpipe {

class ParallelListener {
 public:
  virtual ~ParallelListener() = default;
  // What a worker printed, for the terminal; it has been logged already. `worker`: "process000"; `mini_batch`: that it was busy with.
  virtual void on_output(const std::string& worker, bool is_stderr, std::string_view text, std::optional<std::uint64_t> mini_batch) = 0;
  // A worker's process ended; `cause` is empty when it was asked to.
  virtual void on_worker_ended(const std::string& worker, WallTime began, Seconds took, const std::string& cause) = 0;
  virtual void on_try_ended(const std::string& worker, const EndedTry& ended) = 0;
  virtual void on_progress(const ParallelProgress& progress) = 0;  // after each change; the listener slows it down
  virtual void on_notice(const std::string& message, const std::string& hint) = 0;
  // Once, last. Every worker is gone by then. The step may be destroyed from here only by posting to the loop.
  virtual void on_finished(ParallelOutcome outcome) = 0;
};

class WorkerLauncher;

class ParallelStep {
 public:
  ParallelStep(EventLoop& loop, const Clock& clock, ParallelJob job, ParallelListener& listener);
  // With workers of another kind than the configuration asks for (tests).
  ParallelStep(EventLoop& loop, const Clock& clock, ParallelJob job, ParallelListener& listener, std::unique_ptr<WorkerLauncher> launcher);
  ~ParallelStep();  // kills what still runs

  // Plans (or recovers the plan and the journal), then starts workers. An error: nothing was started, on_finished will not come.
  Status start();
  // No new mini-batch is handed out; those in flight are finished and recorded; then on_finished with kind `reason`.
  void stop(ErrorKind reason);
  // The same, but workers are killed at once.
  void kill(ErrorKind reason);
  std::vector<pid_t> processes() const;  // of living workers

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlpipe
