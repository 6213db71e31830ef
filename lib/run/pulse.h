// Tells the sinks four times a second that time passes while steps run, and how much memory they have.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "run/events.h"
#include "system/event_loop.h"

namespace mlpipe {

class Pulse {
 public:
  using Processes = std::map<std::string, std::vector<pid_t>>;  // of each running step

  // `running` is asked at each beat; all outlive it.
  Pulse(EventLoop& loop, EventSink& events, std::function<Processes()> running) : loop_(loop), events_(events), running_(std::move(running)) {}
  ~Pulse() { loop_.cancel(timer_); }
  Pulse(const Pulse&) = delete;

  // Beats until no step runs any more. A timer that went on would keep the loop from noticing that nothing is left to wait for.
  void start();

 private:
  void beat();

  EventLoop& loop_;
  EventSink& events_;
  std::function<Processes()> running_;
  std::map<std::string, std::uint64_t> memory_;
  unsigned beats_ = 0;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace mlpipe
