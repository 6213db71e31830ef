#include "batch/progress_watch.h"

#include <algorithm>
#include <utility>

namespace mlpipe {

ProgressWatch::ProgressWatch(EventLoop& loop, const Clock& clock, Seconds limit, std::function<void()> on_still)
    : loop_(loop),
      clock_(clock),
      limit_(std::chrono::duration_cast<std::chrono::nanoseconds>(limit)),
      on_still_(std::move(on_still)),
      last_(clock.steady()) {
  look();
}

// Looks again when the limit would be over at the earliest, so that progress costs no timer.
void ProgressWatch::look() {
  timer_ = 0;
  const auto left = last_ + limit_ - clock_.steady();
  if (left <= left.zero()) return on_still_();
  timer_ = loop_.after(left, [this] { look(); });
}

void ProgressWatch::stop() {
  if (timer_) loop_.cancel(std::exchange(timer_, 0));
}

Seconds progress_limit(const ParallelRunConfig& config) {
  const int tries = std::max(3, config.run_max_try + 1);
  return config.flags.progress_update_timeout.value_or(tries * (config.run_invocation_timeout + config.task_overhead_timeout));
}

}  // namespace mlpipe
