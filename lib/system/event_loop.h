// The one loop of the runner: descriptors, timers, signals and the ends of children, all as callbacks on one thread.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/error.h"
#include "system/clock.h"
#include "system/fd.h"

namespace mlpipe {

// A signal that on_signals will deliver is waiting. For long work inside a callback, which ends early then; false where
// nothing handles signals.
bool stop_pending();
// What such work returns then.
Error stopped_error();

// While one lives, no thread's stop_pending() asks for an early end: what a step made in hours is worth being put away.
class StopsDeferred {
 public:
  StopsDeferred();
  ~StopsDeferred();
  StopsDeferred(const StopsDeferred&) = delete;
};

class EventLoop {
 public:
  using Handler = std::function<void(std::uint32_t events)>;  // EPOLLIN, EPOLLOUT, EPOLLHUP, ...
  using TimerId = std::uint64_t;                              // 0 is never a timer

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;

  // Calls `handler` while `fd` is ready (level-triggered). The loop does not own the descriptor: forget it before closing.
  // A handler may forget, watch and cancel anything, itself included.
  void watch(int fd, std::uint32_t events, Handler handler);
  void change(int fd, std::uint32_t events);
  void forget(int fd);

  TimerId after(std::chrono::nanoseconds delay, std::function<void()> action);
  void cancel(TimerId id);

  // Blocks SIGINT, SIGTERM, SIGHUP and SIGQUIT for the process and delivers them here instead (children get them unblocked).
  // Call it before starting threads: they inherit the blocking.
  void on_signals(std::function<void(int signal)> handler);

  // Runs callbacks until stop(), or until nothing is watched and no timer is left; signals alone do not keep it running.
  void run();
  // One turn: waits at most `longest` and runs what is ready.
  void turn(std::chrono::milliseconds longest);
  void stop() { stopped_ = true; }

 private:
  struct Timer {
    TimerId id;
    std::function<void()> action;
  };

  struct Watch {
    std::uint32_t generation;  // tells a descriptor from an earlier one of the same number
    std::shared_ptr<Handler> handler;
  };

  bool idle() const;
  int wait_ms(std::chrono::milliseconds longest) const;
  void run_due_timers();

  Fd epoll_;
  Fd signals_;
  std::unordered_map<int, Watch> watches_;
  std::uint32_t last_generation_ = 0;
  std::multimap<SteadyTime, Timer> timers_;
  std::unordered_map<TimerId, std::multimap<SteadyTime, Timer>::iterator> timer_places_;
  TimerId last_timer_ = 0;
  bool stopped_ = false;
};

}  // namespace mlpipe
