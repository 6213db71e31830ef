#include "report/trace.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "events_of_a_run.h"

using namespace mlpipe;
using namespace mlpipe::test;
using telemetry::Span;

namespace {

struct Traced {
  TraceContext run{1, 2, 3};
  std::vector<Span> spans;
  std::unique_ptr<EventSink> sink = make_trace(run, 9, [this](Span span) { spans.push_back(std::move(span)); });

  Span named(const std::string& name) const {
    const auto found = std::find_if(spans.begin(), spans.end(), [&](const Span& span) { return span.name == name; });
    REQUIRE(found != spans.end());
    return *found;
  }
};

MiniBatchEnded mini_batch(std::uint64_t number, TryEnd end = TryEnd::done) {
  EndedTry tried;
  tried.mini_batch = number;
  tried.start = parse_utc("2026-11-23T00:15:30.000Z");
  tried.elapsed = std::chrono::milliseconds(20);
  tried.end = end;
  tried.message = end == TryEnd::done ? "" : "ValueError: bad";
  return {"score", "process000", tried};
}

StepEnded at_work(const std::string& step, StepState state) {
  StepEnded event = ended(step, state, 2);
  event.record.started = parse_utc("2026-11-23T00:15:30.000Z");
  return event;
}

}  // namespace

TEST_CASE("run, step, worker and mini-batch, each within the one above it") {
  Traced traced;
  traced.sink->on(run_started({"score"}));
  traced.sink->on(mini_batch(7));
  traced.sink->on(WorkerEnded{"score", "process000", parse_utc("2026-11-23T00:15:30.000Z"), Seconds(1), ""});
  traced.sink->on(at_work("score", StepState::ran));
  traced.sink->on(run_ended({StepState::ran}));
  REQUIRE(traced.spans.size() == 4);
  const Span run = traced.named("run digits"), step = traced.named("score"), worker = traced.named("process000"), batch = traced.named("mini-batch");
  CHECK(run.own == traced.run);
  CHECK(run.parent == 9);
  CHECK(step.own == child_of(traced.run, "score"));
  CHECK(step.parent == run.own.span);
  CHECK(worker.own == child_of(step.own, "process000"));
  CHECK(worker.parent == step.own.span);
  CHECK(batch.parent == worker.own.span);
  CHECK(batch.ended - batch.began == std::chrono::milliseconds(20));
  CHECK(step.ended - step.began == std::chrono::seconds(2));
}

TEST_CASE("tries of one mini-batch have spans of their own, failed ones say why") {
  Traced traced;
  auto second = mini_batch(7);
  second.tried.picked = 2;
  auto part = second;
  part.tried.first = 0;
  traced.sink->on(mini_batch(7, TryEnd::exception));
  traced.sink->on(second);
  traced.sink->on(part);
  REQUIRE(traced.spans.size() == 3);
  CHECK(traced.spans[0].error == "ValueError: bad");
  CHECK_FALSE(traced.spans[1].error);
  CHECK(traced.spans[0].own.span != traced.spans[1].own.span);
  CHECK(traced.spans[1].own.span != traced.spans[2].own.span);
}

TEST_CASE("a worker that was replaced has one span, from its first process to its last") {
  Traced traced;
  const WallTime start = parse_utc("2026-11-23T00:15:30.000Z");
  traced.sink->on(WorkerEnded{"score", "process000", start, Seconds(1), "killed by SIGSEGV"});
  traced.sink->on(WorkerEnded{"score", "process000", start + std::chrono::seconds(2), Seconds(3), ""});
  traced.sink->on(at_work("score", StepState::ran));
  const Span worker = traced.named("process000");
  CHECK(worker.began == start);
  CHECK(worker.ended == start + std::chrono::seconds(5));
  CHECK(worker.error == "killed by SIGSEGV");
}

TEST_CASE("a failed step's span says why; a skipped step has none") {
  Traced traced;
  auto failed = at_work("train", StepState::failed);
  failed.record.error = "exit code 3";
  traced.sink->on(failed);
  traced.sink->on(at_work("later", StepState::skipped));
  REQUIRE(traced.spans.size() == 1);
  CHECK(traced.spans[0].error == "exit code 3");
}
