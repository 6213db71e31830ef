// What leaves a parallel step: lines that workers print, notices, failures. All of it without secrets, and with the source's paths
// instead of its private copy's (ParallelJob::replacements).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "batch/logs/failures.h"
#include "batch/parallel_step.h"
#include "batch/workers/worker_logs.h"

namespace mlpipe {

class StepVoice {
 public:
  // All outlive it.
  StepVoice(const ParallelJob& job, const Clock& clock, ParallelListener& listener, int workers);

  std::string shown(std::string_view text) const;
  Error shown(const Error& error) const { return {error.kind, shown(error.message), shown(error.hint)}; }
  void notice(const std::string& message, const std::string& hint = {}) { listener_.on_notice(shown(message), shown(hint)); }

  void tell_cause(const Failure& failure, ParallelOutcome& outcome) const;

  void starts(int worker) { logs_.forget_last_words(worker); }
  // `mini_batch`: that it is busy with.
  void printed(int worker, bool is_stderr, std::string_view text, std::optional<std::uint64_t> mini_batch);
  void ended(int worker);  // what was held back for a secret that might have begun is said now
  const std::string& last_words(int worker) const { return logs_.last_words(worker); }
  Path stderr_file(int worker) const { return logs_.stderr_file(worker); }

  // Appends to the worker's file of failures, and says which that is.
  Path log_failure(int worker, const std::string& what, const std::string& details);

 private:
  void show(int worker, bool is_stderr, const std::string& text, std::optional<std::uint64_t> mini_batch);
  StreamEditor& editor(int worker, bool is_stderr) { return editors_[static_cast<std::size_t>(2 * worker + is_stderr)]; }

  const ParallelJob& job_;
  const Clock& clock_;
  ParallelListener& listener_;
  WorkerLogs logs_;
  std::vector<StreamEditor> editors_;  // two of each worker: stdout's, stderr's
};

}  // namespace mlpipe
