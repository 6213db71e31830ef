// What becomes of tries that failed: another try, halves, or an end. Says so on the terminal and in the logs, and remembers the first
// cause.
#pragma once

#include "batch/dispatcher.h"
#include "batch/logs/failures.h"
#include "batch/logs/job_logs.h"
#include "batch/record/ledger.h"
#include "batch/step_voice.h"

namespace mlpipe {

class Setbacks {
 public:
  // All outlive it.
  Setbacks(const ParallelJob& job, Ledger& ledger, Dispatcher& dispatcher, StepVoice& voice, JobLogs& logs)
      : job_(job), ledger_(ledger), dispatcher_(dispatcher), voice_(voice), logs_(logs) {}

  // Of a worker that cannot be started, or whose init() failed.
  void no_worker(Failure failure) { failures_.add(std::move(failure)); }
  void init_failed(int worker, Failure failure);
  // run() ended well, but not for all items.
  void items_failed(int worker, const Assignment& assignment, const Answer& answer);

  // run() returned more than it got.
  void surplus(std::uint32_t returned, std::uint32_t items);

  enum class Next { another_try, halves, settled };
  // Error (kind store): what became of its items is not recorded.
  Result<Next> try_failed(int worker, const Assignment& assignment, Failure failure);

  const std::optional<Failure>& first() const { return failures_.first(); }

 private:
  void notice(const std::string& message, const std::string& hint = {});
  void say(const std::string& what, const Path& log);  // for a while
  void halve(const Assignment& assignment, Failure failure);
  Status give_up(int worker, const Assignment& assignment, Failure failure);

  const ParallelJob& job_;
  Ledger& ledger_;
  Dispatcher& dispatcher_;
  StepVoice& voice_;
  JobLogs& logs_;
  Failures failures_;
  bool noticed_surplus_ = false;
  std::string told_of_init_;  // the last cause of a failed init() that was told
};

}  // namespace mlpipe
