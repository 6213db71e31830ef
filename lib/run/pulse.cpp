#include "run/pulse.h"

#include "batch/logs/process_usage.h"

namespace mlpipe {
namespace {

using namespace std::chrono_literals;

constexpr auto interval = 250ms;
constexpr unsigned beats_a_measurement = 4;  // memory: it costs some reads of /proc for each process

}  // namespace

void Pulse::start() {
  if (timer_ == 0) timer_ = loop_.after(interval, [this] { beat(); });
}

void Pulse::beat() {
  timer_ = 0;
  const Processes running = running_();
  if (running.empty()) return;
  if (beats_++ % beats_a_measurement == 0) {
    memory_.clear();
    for (const auto& [step, processes] : running)
      for (const pid_t pid : processes) memory_[step] += process_usage(pid).rss;
  }
  start();
  events_.pulse(memory_);
}

}  // namespace mlpipe
