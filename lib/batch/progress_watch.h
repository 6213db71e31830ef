// Notices that a step has stood still for too long. Every single thing that a worker does has its own limit; this one is for all of
// them together.
#pragma once

#include <functional>

#include "pipeline/parallel_run_config.h"
#include "system/clock.h"
#include "system/event_loop.h"

namespace mlpipe {

class ProgressWatch {
 public:
  // `on_still`: once, from the loop, after `limit` without a call of progressed().
  ProgressWatch(EventLoop& loop, const Clock& clock, Seconds limit, std::function<void()> on_still);
  ~ProgressWatch() { stop(); }
  ProgressWatch(const ProgressWatch&) = delete;
  ProgressWatch& operator=(const ProgressWatch&) = delete;

  // A mini-batch was finished, given up or halved, a worker came up, or failed to: their tries are limited.
  void progressed() { last_ = clock_.steady(); }
  void stop();

 private:
  void look();

  EventLoop& loop_;
  const Clock& clock_;
  std::chrono::nanoseconds limit_;
  std::function<void()> on_still_;
  SteadyTime last_;
  EventLoop::TimerId timer_ = 0;
};

// --progress_update_timeout; else more than all tries of one mini-batch may take.
Seconds progress_limit(const ParallelRunConfig& config);

}  // namespace mlpipe
