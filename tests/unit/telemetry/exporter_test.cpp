#include "telemetry/exporter.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>

using namespace mlpipe;
using namespace mlpipe::telemetry;
using namespace std::chrono_literals;

namespace {

// A receiver in this process: answers what it is told to, or only when it is hurried.
struct Receiver {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Answer> answers;  // then 200
  bool answering = true;
  bool hurried = false;
  int posts = 0;

  void wait_for_posts(int count) {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, 10s, [&] { return posts >= count; }));
  }
};

class TestPoster final : public Poster {
 public:
  explicit TestPoster(std::shared_ptr<Receiver> receiver) : receiver_(std::move(receiver)) {}

  Answer post(std::string_view) override {
    std::unique_lock lock(receiver_->mutex);
    ++receiver_->posts;
    receiver_->changed.notify_all();
    receiver_->changed.wait(lock, [&] { return receiver_->answering || receiver_->hurried; });
    if (!receiver_->answering) return {0, "it did not answer in time"};
    if (receiver_->answers.empty()) return {200, {}};
    Answer answer = receiver_->answers.front();
    receiver_->answers.pop_front();
    return answer;
  }

  void hurry(SteadyTime) override {
    const std::lock_guard lock(receiver_->mutex);
    receiver_->hurried = true;
    receiver_->changed.notify_all();
  }

 private:
  std::shared_ptr<Receiver> receiver_;
};

SpanExporter::MakePoster posting_to(const std::shared_ptr<Receiver>& receiver) {
  return [receiver](const Settings&) -> Result<std::unique_ptr<Poster>> { return std::unique_ptr<Poster>(std::make_unique<TestPoster>(receiver)); };
}

void add(SpanExporter& exporter, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) exporter.add({{1, 2, i + 1}, 0, "span", {}, {}});
}

}  // namespace

TEST_CASE("what was added is sent, at the latest at the end") {
  auto receiver = std::make_shared<Receiver>();
  SpanExporter exporter({}, posting_to(receiver));
  add(exporter, 10);
  const Delivery delivery = exporter.finish(10s);
  CHECK(delivery.sent == 10);
  CHECK(delivery.lost == 0);
}

TEST_CASE("the first span and a full request's worth of spans do not wait for the end") {
  auto receiver = std::make_shared<Receiver>();
  SpanExporter exporter({}, posting_to(receiver));
  add(exporter, 1);
  receiver->wait_for_posts(1);
  add(exporter, SpanExporter::batch);
  receiver->wait_for_posts(2);
  CHECK(exporter.finish(10s).sent == 1 + SpanExporter::batch);
}

TEST_CASE("a receiver that does not answer costs what the queue cannot hold, and no time") {
  auto receiver = std::make_shared<Receiver>();
  receiver->answering = false;
  SpanExporter exporter({}, posting_to(receiver));
  add(exporter, SpanExporter::batch);
  receiver->wait_for_posts(1);
  add(exporter, SpanExporter::longest_queue + 5);
  const Delivery delivery = exporter.finish(1ms);
  CHECK(delivery.sent == 0);
  CHECK(delivery.lost == SpanExporter::batch + SpanExporter::longest_queue + 5);
  CHECK(delivery.error == "it did not answer in time");
}

TEST_CASE("what is refused for good is not sent again, and what comes later is") {
  auto receiver = std::make_shared<Receiver>();
  receiver->answers = {{500, "it answered HTTP 500"}};
  SpanExporter exporter({}, posting_to(receiver));
  add(exporter, 1);
  receiver->wait_for_posts(1);
  add(exporter, SpanExporter::batch);
  receiver->wait_for_posts(2);
  const Delivery delivery = exporter.finish(10s);
  CHECK(delivery.sent == SpanExporter::batch);
  CHECK(delivery.lost == 1);
  CHECK(receiver->posts == 2);
}

TEST_CASE("what may be taken later is sent again") {
  auto receiver = std::make_shared<Receiver>();
  receiver->answers = {{503, "it answered HTTP 503"}};
  SpanExporter exporter({}, posting_to(receiver));
  add(exporter, SpanExporter::batch);
  receiver->wait_for_posts(2);
  CHECK(exporter.finish(10s).sent == SpanExporter::batch);
}

TEST_CASE("a receiver that failed last is not waited for at the end") {
  auto receiver = std::make_shared<Receiver>();
  receiver->answers.assign(100, {0, "couldn't connect to server"});
  SpanExporter exporter({}, posting_to(receiver));
  add(exporter, SpanExporter::batch);
  receiver->wait_for_posts(1);
  add(exporter, 3);
  const Delivery delivery = exporter.finish(1h);
  CHECK(delivery.lost == SpanExporter::batch + 3);
  CHECK(delivery.error == "couldn't connect to server");
}

TEST_CASE("without a library to send with all spans are lost, and why is told") {
  SpanExporter exporter({}, [](const Settings&) -> Result<std::unique_ptr<Poster>> { return Error{ErrorKind::step_failed, "no library", "install it"}; });
  add(exporter, 3);
  const Delivery delivery = exporter.finish(10s);
  CHECK(delivery.lost == 3);
  CHECK(delivery.error == "no library; install it");
}
