#include "system/event_loop.h"

#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace mlpipe {
namespace {

// A wrong descriptor is a bug of ours, and a loop that silently misses one would wait for ever.
void require(bool fine, const char* what) {
  if (fine) return;
  std::fprintf(stderr, "mlpipe: event loop: %s: %s\n", what, std::strerror(errno));
  std::abort();
}

bool is_pending(std::initializer_list<int> signals) {
  sigset_t pending;
  if (::sigpending(&pending) != 0) return false;
  return std::any_of(signals.begin(), signals.end(), [&](int signal) { return ::sigismember(&pending, signal) == 1; });
}

std::uint64_t tag_of(int fd, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

std::atomic<int> deferred{0};

}  // namespace

bool stop_pending() { return deferred == 0 && is_pending({SIGINT, SIGQUIT, SIGTERM, SIGHUP}); }

StopsDeferred::StopsDeferred() { ++deferred; }
StopsDeferred::~StopsDeferred() { --deferred; }

Error stopped_error() { return {is_pending({SIGTERM, SIGHUP}) ? ErrorKind::terminated : ErrorKind::interrupted, "stopped", ""}; }

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  require(static_cast<bool>(epoll_), "epoll_create");
  // A worker that dies while we write to it is an event, not our end.
  std::signal(SIGPIPE, SIG_IGN);
}

EventLoop::~EventLoop() = default;

void EventLoop::watch(int fd, std::uint32_t events, Handler handler) {
  const std::uint32_t generation = ++last_generation_;
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag_of(fd, generation);
  require(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "watch");
  watches_[fd] = {generation, std::make_shared<Handler>(std::move(handler))};
}

void EventLoop::change(int fd, std::uint32_t events) {
  const auto place = watches_.find(fd);
  if (place == watches_.end()) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag_of(fd, place->second.generation);
  require(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0, "change");
}

void EventLoop::forget(int fd) {
  if (watches_.erase(fd) == 0) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventLoop::TimerId EventLoop::after(std::chrono::nanoseconds delay, std::function<void()> action) {
  const auto now = std::chrono::steady_clock::now();
  // "For ever" must not wrap around into the past.
  const auto longest = std::chrono::nanoseconds(std::chrono::hours(24 * 365 * 100));
  const auto due = now + std::clamp(delay, std::chrono::nanoseconds::zero(), longest);
  const TimerId id = ++last_timer_;
  timer_places_[id] = timers_.emplace(due, Timer{id, std::move(action)});
  return id;
}

void EventLoop::cancel(TimerId id) {
  const auto place = timer_places_.find(id);
  if (place == timer_places_.end()) return;
  timers_.erase(place->second);
  timer_places_.erase(place);
}

void EventLoop::on_signals(std::function<void(int signal)> handler) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (signals_) forget(signals_.get());
  signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  require(static_cast<bool>(signals_), "signalfd");
  watch(signals_.get(), EPOLLIN, [fd = signals_.get(), handler = std::move(handler)](std::uint32_t) {
    signalfd_siginfo info;
    while (::read(fd, &info, sizeof info) == sizeof info) handler(static_cast<int>(info.ssi_signo));
  });
}

bool EventLoop::idle() const { return timers_.empty() && watches_.size() == (signals_ ? 1u : 0u); }

void EventLoop::run() {
  while (!stopped_ && !idle()) turn(std::chrono::milliseconds::max());
  stopped_ = false;
}

void EventLoop::turn(std::chrono::milliseconds longest) {
  std::array<epoll_event, 64> ready;
  const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), wait_ms(longest));
  require(count >= 0 || errno == EINTR, "epoll_wait");
  for (int i = 0; i < count && !stopped_; ++i) {
    const auto place = watches_.find(static_cast<int>(ready[i].data.u64 & UINT32_MAX));
    // Forgotten by a handler of this turn; perhaps its number already means another file.
    if (place == watches_.end() || place->second.generation != ready[i].data.u64 >> 32) continue;
    const auto handler = place->second.handler;  // it may forget itself
    (*handler)(ready[i].events);
  }
  run_due_timers();
}

int EventLoop::wait_ms(std::chrono::milliseconds longest) const {
  using namespace std::chrono;
  auto wait = std::max(longest, milliseconds::zero());
  if (!timers_.empty()) {
    // Rounded up: waking a little too early would mean turning until the time has come.
    const auto due = ceil<milliseconds>(timers_.begin()->first - steady_clock::now());
    wait = std::clamp(due, milliseconds::zero(), wait);
  }
  if (wait == milliseconds::max()) return -1;
  return static_cast<int>(std::min<milliseconds::rep>(wait.count(), INT_MAX));
}

void EventLoop::run_due_timers() {
  const auto now = std::chrono::steady_clock::now();
  const TimerId newest = last_timer_;
  while (!stopped_ && !timers_.empty()) {
    const auto first = timers_.begin();
    // Timers that these actions set wait for the next turn, so that descriptors get their turn as well.
    if (first->first > now || first->second.id > newest) return;
    const auto action = std::move(first->second.action);
    timer_places_.erase(first->second.id);
    timers_.erase(first);
    action();
  }
}

}  // namespace mlpipe
