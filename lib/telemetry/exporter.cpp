#include "telemetry/exporter.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "system/quiet_thread.h"

namespace mlpipe::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr auto at_most_unsent = 1s;
constexpr auto first_backoff = 1s;
constexpr std::chrono::milliseconds longest_backoff = 30s;
constexpr int niceness = 10;

// The steps have the processors first.
void be_nice() { (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), niceness); }

}  // namespace

SpanExporter::SpanExporter(Settings settings, MakePoster make_poster) : settings_(std::move(settings)), make_poster_(std::move(make_poster)) {
  thread_ = start_quiet_thread([this] { work(); });
}

SpanExporter::~SpanExporter() {
  if (thread_.joinable()) (void)finish(0ms);
}

void SpanExporter::add(Span span) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= longest_queue) return lose(1, {});
  queue_.push_back(std::move(span));
  if (queue_.size() == worth_sending()) changed_.notify_one();
}

Delivery SpanExporter::finish(std::chrono::milliseconds longest) {
  std::shared_ptr<Poster> poster;
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = std::chrono::steady_clock::now();
    alive_ = alive_ && (!asked_ || now - *asked_ < longest);
    deadline_ = alive_ ? now + longest : now;
    poster = poster_;
  }
  changed_.notify_one();
  if (poster) poster->hurry(*deadline_);
  thread_.join();
  lose(queue_.size(), {});
  return delivery_;
}

// With the lock held.
void SpanExporter::lose(std::uint64_t spans, const std::string& why) {
  delivery_.lost += spans;
  if (!why.empty()) delivery_.error = why;
}

// The first spans go at once: a short run has no time at its end for a connection to be made.
std::size_t SpanExporter::worth_sending() const { return any_sent_ ? batch : 1; }

// The next spans; none: it is over.
std::vector<Span> SpanExporter::take(std::unique_lock<std::mutex>& lock) {
  while (!deadline_ && queue_.size() < worth_sending() && (changed_.wait_for(lock, at_most_unsent) == std::cv_status::no_timeout || queue_.empty())) {
  }
  if (deadline_ && (!alive_ || std::chrono::steady_clock::now() >= *deadline_)) return {};
  const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), batch));
  std::vector<Span> spans(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.begin() + count));
  queue_.erase(queue_.begin(), queue_.begin() + count);
  any_sent_ = true;
  return spans;
}

void SpanExporter::work() {
  be_nice();
  auto made = make_poster_(settings_);
  std::unique_lock lock(mutex_);
  if (!made) {
    alive_ = false;
    delivery_.error = made.error().message + "; " + made.error().hint;
    return;
  }
  const std::shared_ptr<Poster> poster = made.take();
  poster_ = poster;
  if (deadline_) poster->hurry(*deadline_);
  for (;;) {
    const std::vector<Span> spans = take(lock);
    if (spans.empty()) return;
    lock.unlock();
    deliver(*poster, spans);
    lock.lock();
  }
}

// Until it is delivered, refused, or there is no time left.
void SpanExporter::deliver(Poster& poster, const std::vector<Span>& spans) {
  const std::string body = trace_request(settings_.resource, spans);
  for (;;) {
    const Answer answer = ask(poster, body);
    {
      const std::lock_guard lock(mutex_);
      alive_ = answer.good();
      if (answer.good()) {
        delivery_.sent += spans.size();
        backoff_ = {};
        return;
      }
      if (!answer.may_pass() || deadline_) return lose(spans.size(), answer.error);
      delivery_.error = answer.error;
      backoff_ = std::clamp<std::chrono::milliseconds>(backoff_ * 2, first_backoff, longest_backoff);
    }
    if (pause()) continue;
    const std::lock_guard lock(mutex_);
    return lose(spans.size(), answer.error);
  }
}

Answer SpanExporter::ask(Poster& poster, const std::string& body) {
  const auto note = [this](std::optional<SteadyTime> when) {
    const std::lock_guard lock(mutex_);
    asked_ = when;
  };
  note(std::chrono::steady_clock::now());
  Answer answer = poster.post(body);
  note(std::nullopt);
  return answer;
}

// Before another try. False: it is over.
bool SpanExporter::pause() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, backoff_, [this] { return deadline_.has_value(); });
}

}  // namespace mlpipe::telemetry
