// A step that scores mini-batches: lib/batch does the work, this is its place in a run.
#pragma once

#include "batch/parallel_step.h"
#include "run/step_run.h"

namespace mlpipe {

class ParallelRun final : public StepRun, public ParallelListener {
 public:
  using StepRun::StepRun;
  ~ParallelRun() override;

  void stop(ErrorKind kind) override;
  void kill(ErrorKind kind) override;
  std::vector<pid_t> processes() const override { return work_ ? work_->processes() : std::vector<pid_t>(); }

 private:
  Status start_work() override;
  Result<Path> outputs_folder() override;
  Path kept_outputs() override;
  Path state() const { return context_.store.partial_path(description_.fingerprint); }
  Result<ParallelJob> job();
  Status forget_state();
  void clear_state();

  void on_output(const std::string& worker, bool is_stderr, std::string_view text, std::optional<std::uint64_t> mini_batch) override;
  void on_worker_ended(const std::string& worker, WallTime began, Seconds took, const std::string& cause) override;
  void on_try_ended(const std::string& worker, const EndedTry& ended) override;
  void on_progress(const ParallelProgress& progress) override;
  void on_notice(const std::string& message, const std::string& hint) override;
  void on_finished(ParallelOutcome outcome) override;
  void add_facts(const ParallelOutcome& outcome);

  std::unique_ptr<ParallelStep> work_;
  bool scored_ = false;
  std::optional<ErrorKind> cut_short_;
  EventLoop::TimerId limit_ = 0;
};

}  // namespace mlpipe
