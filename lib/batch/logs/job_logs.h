// The log tree of a parallel step, below ParallelJob::logs, but for what workers print: readme_text() says what is where. Told what
// happens, it keeps the files; nothing in here can fail the step, and secrets and private paths are edited out of all that is written.
// Cost: below a microsecond a mini-batch; what may wait is written once a second.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/logs/failure_groups.h"
#include "batch/logs/mini_batch_table.h"
#include "batch/logs/progress_overview.h"
#include "batch/logs/remaining_time.h"
#include "batch/logs/resource_samples.h"
#include "batch/logs/worker_lives.h"
#include "batch/plan/job.h"
#include "batch/record/ledger.h"
#include "batch/record/outcome.h"
#include "system/event_loop.h"

namespace mlpipe {

class JobLogs {
 public:
  // All borrowed, and there as long as this is.
  // `on_try`: is told each try when it has ended; may be empty.
  JobLogs(EventLoop& loop, const Clock& clock, const ParallelJob& job, const MiniBatchPlan& plan, int workers, std::function<void(const EndedTry&)> on_try);
  ~JobLogs();
  JobLogs(const JobLogs&) = delete;

  void begun(std::uint64_t resumed);
  // Something that the runner decided, for sys/master_role.txt.
  void decided(std::string_view what);
  void noticed(std::string_view message, std::string_view hint);
  // How the rest is getting on; puts ParallelProgress::remaining in.
  void progress(ParallelProgress& progress);

  void started(int worker, pid_t pid);
  void ready(int worker);
  void gone(int worker, const WorkerEnd& end);

  void began(int worker);  // with the first mini-batch that it has in flight
  void answered(int worker, const Assignment& assignment, const Answer& answer, std::uint64_t run_us);
  void recorded();         // what was answered last
  // A try that ended otherwise.
  void try_failed(int worker, const Assignment& assignment, const Failure& failure);
  void init_failed(int worker, const Failure& failure);

  // Workers are about to go: the last moment to look at their memory.
  void ending();
  void writing_rows(std::uint64_t rows);  // all are there and become the output
  // ParallelOutcome::starting, ::running and ::handing.
  void tell_times(ParallelOutcome& outcome) const;
  // Once, last. `outcome`: as people may see it.
  void finished(const ParallelOutcome& outcome, const std::string& as_azure);

 private:
  std::string shown(std::string text) const;
  Failure shown(const Failure& failure) const;
  EndedTry new_try(int worker, const Assignment& assignment, SteadyTime now) const;
  void add(const EndedTry& ended);
  void flush();
  void flush_soon();
  void sample();
  void sample_after(std::chrono::nanoseconds delay);

  EventLoop& loop_;
  const Clock& clock_;
  const ParallelJob& job_;
  const MiniBatchPlan& plan_;
  std::function<void(const EndedTry&)> on_try_;
  WorkerLives lives_;
  ProgressOverview overview_;
  RemainingTime remaining_;
  MiniBatchTable table_;
  FailureGroups groups_;
  LogFile master_, warnings_;
  std::optional<ResourceSamples> samples_;
  std::vector<SteadyTime> began_;  // of each worker
  EndedTry answered_;              // and is being recorded
  WallTime wall_;                  // at `steady_`: one clock is read for each mini-batch, not two
  SteadyTime steady_;
  ParallelProgress last_;
  bool working_ = false, groups_changed_ = false, ending_ = false;
  EventLoop::TimerId flush_timer_ = 0, sample_timer_ = 0;
};

}  // namespace mlpipe
