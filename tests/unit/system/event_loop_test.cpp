#include "system/event_loop.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "system/process.h"

using namespace mlpipe;
using namespace std::chrono_literals;

namespace {

std::pair<Fd, Fd> pair_with_byte() {
  auto ends = socket_pair();
  REQUIRE(ends);
  REQUIRE(::write(ends->second.get(), "x", 1) == 1);
  return ends.take();
}

}  // namespace

TEST_CASE("run returns at once when there is nothing to wait for") {
  EventLoop loop;
  loop.run();
  loop.on_signals([](int) {});
  loop.run();
}

TEST_CASE("timers run in the order of their times") {
  EventLoop loop;
  std::vector<int> order;
  loop.after(30ms, [&] { order.push_back(3); });
  loop.after(10ms, [&] { order.push_back(1); });
  loop.after(-5ms, [&] { order.push_back(0); });
  loop.after(20ms, [&] { order.push_back(2); });
  loop.run();
  CHECK(order == std::vector{0, 1, 2, 3});
}

TEST_CASE("a timer never runs before its time") {
  EventLoop loop;
  const auto start = std::chrono::steady_clock::now();
  auto ran = start;
  loop.after(1500us, [&] { ran = std::chrono::steady_clock::now(); });
  loop.run();
  CHECK(ran - start >= 1500us);
}

TEST_CASE("a cancelled timer does not run, and its id is worth nothing afterwards") {
  EventLoop loop;
  int runs = 0;
  EventLoop::TimerId second = 0;
  const auto first = loop.after(0ms, [&] {
    ++runs;
    loop.cancel(second);
  });
  second = loop.after(0ms, [&] { runs += 100; });
  loop.run();
  loop.cancel(first);
  loop.cancel(second);
  loop.cancel(0);
  CHECK(first != 0);
  CHECK(runs == 1);
}

TEST_CASE("a timer that sets itself again does not starve descriptors") {
  EventLoop loop;
  const auto ends = pair_with_byte();
  int ticks = 0;
  std::function<void()> tick = [&] {
    ++ticks;
    loop.after(0ns, tick);
  };
  tick();
  loop.watch(ends.first.get(), EPOLLIN, [&](std::uint32_t) { loop.stop(); });
  loop.run();
  CHECK(ticks < 100);
}

TEST_CASE("a delay of for ever is no overflow") {
  EventLoop loop;
  bool ran = false;
  loop.after(std::chrono::nanoseconds::max(), [&] { ran = true; });
  loop.turn(0ms);
  CHECK_FALSE(ran);
}

TEST_CASE("waiting for a timer is one wait, not many short ones") {
  EventLoop loop;
  int turns = 0;
  bool done = false;
  loop.after(20500us, [&] { done = true; });
  while (!done) {
    loop.turn(std::chrono::milliseconds::max());
    ++turns;
  }
  CHECK(turns <= 2);  // a stray signal may add one
}

TEST_CASE("a handler is called as long as its descriptor is ready") {
  EventLoop loop;
  const auto ends = pair_with_byte();
  int calls = 0;
  loop.watch(ends.first.get(), EPOLLIN, [&](std::uint32_t events) {
    CHECK((events & EPOLLIN) != 0);
    if (++calls == 3) loop.forget(ends.first.get());
  });
  loop.run();
  CHECK(calls == 3);
}

TEST_CASE("a handler that forgets itself keeps what it captured until it returns") {
  EventLoop loop;
  const auto ends = pair_with_byte();
  std::string seen;
  std::weak_ptr<std::string> observer;
  {
    const auto text = std::make_shared<std::string>("still here");
    observer = text;
    loop.watch(ends.first.get(), EPOLLIN, [&, text](std::uint32_t) {
      loop.forget(ends.first.get());
      seen = *text;
    });
  }
  loop.run();
  CHECK(seen == "still here");
  CHECK(observer.expired());
}

TEST_CASE("a descriptor forgotten in the same turn is not called") {
  EventLoop loop;
  const auto a = pair_with_byte(), b = pair_with_byte();
  int calls = 0;
  const auto handler = [&](std::uint32_t) {
    ++calls;
    loop.forget(a.first.get());
    loop.forget(b.first.get());
  };
  loop.watch(a.first.get(), EPOLLIN, handler);
  loop.watch(b.first.get(), EPOLLIN, handler);
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("a number reused within a turn gets no event of its predecessor") {
  EventLoop loop;
  auto a = pair_with_byte(), b = pair_with_byte();
  auto quiet = socket_pair();
  REQUIRE(quiet);
  int old_calls = 0, new_calls = 0;
  // Whichever runs first replaces the other by a silent socket of the same number.
  const auto replace = [&](int self, Fd& other) {
    ++old_calls;
    const int number = other.get();
    loop.forget(self);
    loop.forget(number);
    ::dup3(quiet->first.get(), number, O_CLOEXEC);
    loop.watch(number, EPOLLIN, [&](std::uint32_t) { ++new_calls; });
  };
  loop.watch(a.first.get(), EPOLLIN, [&](std::uint32_t) { replace(a.first.get(), b.first); });
  loop.watch(b.first.get(), EPOLLIN, [&](std::uint32_t) { replace(b.first.get(), a.first); });
  loop.turn(1000ms);
  loop.turn(0ms);
  CHECK(old_calls == 1);
  CHECK(new_calls == 0);
}

TEST_CASE("change asks for other events") {
  EventLoop loop;
  const auto ends = pair_with_byte();
  std::uint32_t seen = 0;
  loop.watch(ends.first.get(), 0, [&](std::uint32_t events) {
    seen = events;
    loop.stop();
  });
  loop.turn(0ms);
  CHECK(seen == 0);
  loop.change(ends.first.get(), EPOLLOUT);
  loop.run();
  CHECK(seen == EPOLLOUT);
}

TEST_CASE("stop ends the turn at once and a stopped loop can run again") {
  EventLoop loop;
  const auto a = pair_with_byte(), b = pair_with_byte();
  int calls = 0;
  const auto handler = [&](std::uint32_t) {
    ++calls;
    loop.stop();
  };
  loop.watch(a.first.get(), EPOLLIN, handler);
  loop.watch(b.first.get(), EPOLLIN, handler);
  loop.run();
  CHECK(calls == 1);
  loop.run();
  CHECK(calls == 2);
}

TEST_CASE("signals arrive as callbacks") {
  EventLoop loop;
  std::vector<int> seen;
  loop.on_signals([&](int signal) {
    seen.push_back(signal);
    if (seen.size() == 3) loop.stop();
  });
  ::kill(::getpid(), SIGINT);
  ::kill(::getpid(), SIGTERM);
  ::kill(::getpid(), SIGHUP);
  loop.after(10s, [&] { loop.stop(); });
  loop.run();
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector{SIGHUP, SIGINT, SIGTERM});
}

TEST_CASE("writing to a closed pipe is an error, not our end") {
  const EventLoop loop;
  auto pipe = make_pipe();
  REQUIRE(pipe);
  pipe->first.reset();
  CHECK(::write(pipe->second.get(), "x", 1) == -1);
  CHECK(errno == EPIPE);
}
