#include "batch/step_voice.h"

namespace mlpipe {

StepVoice::StepVoice(const ParallelJob& job, const Clock& clock, ParallelListener& listener, int workers)
    : job_(job),
      clock_(clock),
      listener_(listener),
      logs_(job.logs, workers),
      editors_(static_cast<std::size_t>(2 * workers), StreamEditor(job.replacements)) {}

std::string StepVoice::shown(std::string_view text) const { return edited(std::string(text), job_.replacements); }

void StepVoice::tell_cause(const Failure& failure, ParallelOutcome& outcome) const {
  outcome.cause = shown(failure.cause);
  outcome.traceback = shown(failure.traceback);
  outcome.mini_batch = failure.mini_batch;
  for (const auto& item : failure.items) outcome.items.push_back(shown(item));
  outcome.log = failure.log;
  outcome.last_words = failure.last_words;
  outcome.signal = failure.kind == FailedItem::Kind::timeout ? 0 : failure.signal;  // that was ours
  outcome.out_of_memory = failure.kind == FailedItem::Kind::out_of_memory;
  outcome.peak_memory = failure.peak_memory;
}

void StepVoice::printed(int worker, bool is_stderr, std::string_view text, std::optional<std::uint64_t> mini_batch) {
  show(worker, is_stderr, editor(worker, is_stderr).feed(text), mini_batch);
}

void StepVoice::ended(int worker) {
  for (const bool is_stderr : {false, true}) show(worker, is_stderr, editor(worker, is_stderr).flush(), std::nullopt);
}

void StepVoice::show(int worker, bool is_stderr, const std::string& text, std::optional<std::uint64_t> mini_batch) {
  if (text.empty()) return;
  logs_.printed(worker, is_stderr, text, mini_batch, clock_.wall());
  listener_.on_output(worker_name(worker), is_stderr, text, mini_batch);
}

Path StepVoice::log_failure(int worker, const std::string& what, const std::string& details) {
  return logs_.failed(worker, shown(Failures::heading(clock_.wall(), what) + details + "\n"));
}

}  // namespace mlpipe
