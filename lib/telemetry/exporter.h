// Sends spans from a thread of its own, which can lose spans but never time: adding one takes a lock that nobody holds for long, a
// receiver that is slow or away costs spans beyond the queue, and the end of a run waits for a short while only, and only for a
// receiver that lives: that has not failed last, nor let a request wait for longer than that while.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/post.h"
#include "telemetry/settings.h"
#include "telemetry/span.h"

namespace mlpipe::telemetry {

struct Delivery {
  std::uint64_t sent = 0, lost = 0;
  std::string error;  // why spans were lost, the latest reason; may be empty
};

class SpanExporter {
 public:
  static constexpr std::size_t longest_queue = 20'000;  // spans
  static constexpr std::size_t batch = 1'000;           // spans of one request
  using MakePoster = std::function<Result<std::unique_ptr<Poster>>(const Settings&)>;

  // Starts the thread; signals are not its business.
  explicit SpanExporter(Settings settings, MakePoster make_poster = Poster::make);
  ~SpanExporter();  // finishes without waiting
  SpanExporter(const SpanExporter&) = delete;

  // Never blocks for long, never fails.
  void add(Span span);
  // Sends what is queued, for `longest` at most, and ends the thread. Once.
  Delivery finish(std::chrono::milliseconds longest);

 private:
  void work();
  std::size_t worth_sending() const;
  std::vector<Span> take(std::unique_lock<std::mutex>& lock);
  void deliver(Poster& poster, const std::vector<Span>& spans);
  Answer ask(Poster& poster, const std::string& body);
  bool pause();
  void lose(std::uint64_t spans, const std::string& why);

  const Settings settings_;
  const MakePoster make_poster_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Span> queue_;
  std::shared_ptr<Poster> poster_;
  std::optional<SteadyTime> deadline_;  // once finishing
  bool any_sent_ = false;               // or tried to be
  bool alive_ = true;                   // the receiver, as far as is known
  std::optional<SteadyTime> asked_;     // when the request that waits for an answer was begun
  std::chrono::milliseconds backoff_{};
  Delivery delivery_;
  std::thread thread_;
};

}  // namespace mlpipe::telemetry
