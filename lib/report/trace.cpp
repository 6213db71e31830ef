#include "report/trace.h"

#include <fmt/format.h>

#include <map>

namespace mlpipe {
namespace {

using telemetry::Attribute;
using telemetry::Span;

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

WallTime after(WallTime begun, Seconds took) { return begun + std::chrono::duration_cast<WallTime::duration>(took); }

// Steps that did nothing and took no time are no work.
bool is_work(const StepRecord& record) { return record.state != StepState::skipped && record.started != WallTime{}; }

std::vector<Attribute> attributes_of(const StepRecord& record) {
  std::vector<Attribute> attributes{{"mlpipe.step", record.step}, {"mlpipe.step.state", std::string(name_of(record.state))}, {"mlpipe.step.reason", record.reason}};
  if (record.fingerprint) attributes.push_back({"mlpipe.step.fingerprint", record.fingerprint->hex()});
  if (!record.reused_from.empty()) attributes.push_back({"mlpipe.step.reused_from", record.reused_from});
  if (record.tries > 1) attributes.push_back({"mlpipe.step.tries", std::int64_t{record.tries}});
  if (record.state == StepState::failed) attributes.push_back({"process.exit.code", std::int64_t{record.exit_code}});
  if (record.counts.mini_batches > 0) {
    attributes.push_back({"mlpipe.mini_batches", number(record.counts.mini_batches)});
    attributes.push_back({"mlpipe.mini_batches.failed", number(record.counts.failed_mini_batches)});
    attributes.push_back({"mlpipe.items", number(record.counts.items)});
    attributes.push_back({"mlpipe.items.failed", number(record.counts.failed_items)});
  }
  return attributes;
}

std::string name_of_try(const EndedTry& tried) {
  return fmt::format("{}/{}/{}", tried.mini_batch, tried.picked, tried.first ? std::to_string(*tried.first) : "");
}

class Trace final : public EventSink {
 public:
  Trace(const TraceContext& run, std::uint64_t parent, std::function<void(Span)> send) : run_(run), parent_(parent), send_(std::move(send)) {}

  void on(const Event& event) override {
    if (const auto* started = std::get_if<RunStarted>(&event)) header_ = started->header;
    if (const auto* ended = std::get_if<MiniBatchEnded>(&event)) tell(*ended);
    if (const auto* ended = std::get_if<WorkerEnded>(&event)) note(*ended);
    if (const auto* ended = std::get_if<StepEnded>(&event)) tell(ended->record);
    if (const auto* ended = std::get_if<RunEnded>(&event)) tell(ended->info);
  }

 private:
  // All processes that took the place of one worker have one span.
  struct Worker {
    WallTime began, ended;
    std::int64_t processes = 0;
    std::optional<std::string> error{};
  };

  void tell(const MiniBatchEnded& ended) {
    const EndedTry& tried = ended.tried;
    const TraceContext worker = child_of(child_of(run_, ended.step), ended.worker);
    Span span{child_of(worker, name_of_try(tried)), worker.span, "mini-batch", tried.start, tried.start + std::chrono::duration_cast<WallTime::duration>(tried.elapsed)};
    span.attributes = {{"mlpipe.mini_batch", number(tried.mini_batch)},
                       {"mlpipe.mini_batch.try", std::int64_t{tried.picked}},
                       {"mlpipe.items", std::int64_t{tried.items}},
                       {"mlpipe.items.failed", std::int64_t{tried.failed}},
                       {"mlpipe.run.seconds", Seconds(tried.run).count()}};
    if (tried.end != TryEnd::done) span.error = tried.message;
    send_(std::move(span));
  }

  void note(const WorkerEnded& ended) {
    auto [place, first] = workers_[ended.step].try_emplace(ended.worker, Worker{ended.began, {}});
    Worker& worker = place->second;
    worker.ended = after(ended.began, ended.took);
    ++worker.processes;
    if (!ended.cause.empty()) worker.error = ended.cause;
  }

  void tell(const StepRecord& record) {
    const TraceContext step = child_of(run_, record.step);
    for (const auto& [name, worker] : workers_[record.step]) {
      Span span{child_of(step, name), step.span, name, worker.began, worker.ended, {{"mlpipe.worker", name}, {"mlpipe.worker.processes", worker.processes}}};
      span.error = worker.error;
      send_(std::move(span));
    }
    workers_.erase(record.step);
    if (!is_work(record)) return;
    Span span{step, run_.span, record.step, record.started, after(record.started, record.took), attributes_of(record)};
    if (record.state == StepState::failed || record.state == StepState::stopped) span.error = record.error;
    send_(std::move(span));
  }

  void tell(const RunInfo& info) {
    Span span{run_, parent_, "run " + header_.pipeline, header_.started, after(header_.started, info.took)};
    span.attributes = {{"mlpipe.run.id", header_.id},
                       {"mlpipe.pipeline", header_.pipeline},
                       {"mlpipe.run.state", std::string(name_of(info.state))},
                       {"process.exit.code", std::int64_t{info.exit_code}}};
    if (info.state != RunState::succeeded) span.error = std::string(name_of(info.state));
    send_(std::move(span));
  }

  const TraceContext run_;
  const std::uint64_t parent_;
  const std::function<void(Span)> send_;
  RunHeader header_;
  std::map<std::string, std::map<std::string, Worker>> workers_;  // of steps that run, by name
};

}  // namespace

std::unique_ptr<EventSink> make_trace(const TraceContext& run, std::uint64_t parent, std::function<void(Span)> send) {
  return std::make_unique<Trace>(run, parent, std::move(send));
}

}  // namespace mlpipe
