#include "run/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "run/again.h"
#include "run/publication.h"

namespace mlpipe {
namespace {

using namespace std::chrono_literals;

// How often to ask whether another process has finished a step that we want: the kernel tells nobody when a lock is free.
constexpr auto poll_interval = 50ms;

std::vector<bool> considered(const Selection& selection) {
  std::vector<bool> flags;
  for (const Part part : selection.parts) flags.push_back(part == Part::run || part == Part::use);
  return flags;
}

}  // namespace

RunDispatcher::RunDispatcher(RunContext& context, const StepGraph& graph, Selection selection, std::map<std::string, AvailableOutputs> available)
    : context_(context),
      graph_(graph),
      selection_(std::move(selection)),
      schedule_(graph, considered(selection_), context.cores),
      available_(std::move(available)),
      announced_(graph.size()),
      publication_index_(context.store.index_path(), context.clock) {
  info_.header = context.recorder.header();
}

RunInfo RunDispatcher::run() {
  context_.loop.on_signals([this](int signal) { on_signal(signal); });
  pump();
  if (!schedule_.done()) context_.loop.run();
  info_.exit_code = stopping_ ? exit_code(*stopping_) : failure_ ? exit_code(*failure_) : 0;
  info_.state = stopping_ ? RunState::stopped : failure_ ? RunState::failed : RunState::succeeded;
  return std::move(info_);
}

void RunDispatcher::pump() {
  for (;;) {
    while (const auto step = schedule_.take_ready()) consider(*step);
    start_decided();
    report_skipped();
    if (schedule_.done()) return context_.loop.stop();
    const bool started_something_that_ended_at_once = running_.empty() && decided_.empty() && waiting_.empty();
    if (!started_something_that_ended_at_once) return;
  }
}

void RunDispatcher::consider(std::size_t step) {
  if (selection_.parts[step] == Part::use) return take_folder(step);
  consider_run(step);
}

void RunDispatcher::take_folder(std::size_t number) {
  const Step& step = context_.pipeline.steps[number];
  const Path& folder = context_.request.use.at(step.name);
  auto outputs = context_.describer.outputs_in(step, folder);
  if (!outputs) return fail_before_start(number, outputs.error());
  StepEnded event;
  event.record.step = step.name;
  event.record.state = StepState::used;
  event.record.reason = fmt::format("its outputs are taken from {}", folder.string());
  event.record.started = context_.clock.wall();
  finish(number, std::move(event), std::nullopt, outputs.take());
}

void RunDispatcher::consider_run(std::size_t number) {
  const Step& step = context_.pipeline.steps[number];
  auto description = context_.describer.describe(step, available_);
  if (!description) return fail_before_start(number, description.error());
  const bool forced = selection_.forced[number];
  auto claim = context_.store.claim(description->fingerprint, !forced && step.allow_reuse);
  if (!claim) return fail_before_start(number, claim.error(), description->fingerprint);
  if (std::holds_alternative<Busy>(*claim)) return wait_for_other(number);

  std::optional<StepResult> found;
  if (auto* hit = std::get_if<Hit>(&*claim)) found = std::move(hit->result);
  Verdict verdict = judge(context_.pipeline, context_.store, step, *description, forced, found, context_.describer);
  if (verdict.reuse) return reuse(number, *description, std::move(verdict));
  if (std::holds_alternative<Hit>(*claim)) {  // a result that cannot be taken: make a new one in its place
    claim = context_.store.claim(description->fingerprint, false);
    if (!claim) return fail_before_start(number, claim.error(), description->fingerprint);
    if (std::holds_alternative<Busy>(*claim)) return wait_for_other(number);
    if (verdict.damaged) context_.store.forget(std::get<Slot>(*claim), *found);
  }
  decided_to_run(number, description.take(), std::move(verdict), std::move(std::get<Slot>(*claim)));
}

void RunDispatcher::decided_to_run(std::size_t number, StepDescription description, Verdict verdict, Slot slot) {
  decided_.emplace(number, Decided{std::move(description), std::move(slot), std::move(verdict.reason)});
}

void RunDispatcher::reuse(std::size_t number, StepDescription& description, Verdict verdict) {
  const Step& step = context_.pipeline.steps[number];
  for (const std::string& warning : verdict.warnings) context_.events.on(Notice{step.name, warning, ""});
  StepEnded event;
  StepRecord& record = event.record;
  record.step = step.name;
  record.state = StepState::reused;
  record.reason = verdict.reason;
  record.fingerprint = description.fingerprint;
  record.reused_from = verdict.result->run_id;
  record.started = context_.clock.wall();
  record.outputs = verdict.result->outputs;
  record.counts = verdict.result->counts;
  finish(number, std::move(event), std::nullopt, std::move(verdict.outputs));
}

void RunDispatcher::wait_for_other(std::size_t number) {
  waiting_.push_back(number);
  const bool by_us = !running_.empty() || !decided_.empty();
  if (!announced_[number] && !by_us) {
    announced_[number] = true;
    context_.events.on(StepWaiting{context_.pipeline.steps[number].name});
  }
  if (!poll_)
    poll_ = context_.loop.after(poll_interval, [this] {
      poll_ = 0;
      retry_waiting();
      pump();
    });
}

void RunDispatcher::retry_waiting() {
  for (const std::size_t step : std::exchange(waiting_, {})) consider_run(step);
}

void RunDispatcher::start_decided() {
  std::vector<std::size_t> turn;
  for (const auto& [step, decided] : decided_) turn.push_back(step);
  for (const std::size_t step : turn)
    if (schedule_.acquire(step, cores_wanted(context_.pipeline.steps[step], context_.cores))) start(step);
}

// Several lives may be tried: a source that changes under our hands is described anew, which may even find a result.
bool RunDispatcher::start(std::size_t number) {
  const Step& step = context_.pipeline.steps[number];
  auto node = decided_.extract(number);
  const Digest fingerprint = node.mapped().description.fingerprint;
  const std::string reason = node.mapped().reason;
  auto run = make_step_run(context_, step, std::move(node.mapped().description), std::move(node.mapped().slot),
                           {reason, selection_.forced[number]},
                           [this, number](StepRunEnd end) { ended(number, std::move(end)); });
  const auto started = run->start();
  if (started && *started) {
    running_[number] = std::move(run);
    return true;
  }
  run.reset();
  if (!started) {
    fail_before_start(number, started.error(), fingerprint, reason);
    return false;
  }
  context_.events.on(Notice{step.name, "its source changed while it was copied; looking again", ""});
  schedule_.release(number);
  consider_run(number);
  return false;
}

void RunDispatcher::ended(std::size_t number, StepRunEnd end) {
  running_.erase(number);
  finish(number, std::move(end.event), end.failure, std::move(end.outputs));
  retry_waiting();
  pump();
}

void RunDispatcher::fail_before_start(std::size_t number, const Error& error, std::optional<Digest> fingerprint, const std::string& reason) {
  StepEnded event;
  event.record.step = context_.pipeline.steps[number].name;
  event.record.state = StepState::failed;
  event.record.reason = reason;
  event.record.fingerprint = fingerprint;
  event.record.started = context_.clock.wall();
  event.record.error = error.message;
  event.record.exit_code = error.kind == ErrorKind::threshold ? 42 : 1;
  event.hint = error.hint;
  finish(number, std::move(event), error.kind, {});
}

void RunDispatcher::finish(std::size_t number, StepEnded event, std::optional<ErrorKind> failure, AvailableOutputs outputs) {
  const Step& step = context_.pipeline.steps[number];
  if (failure) {
    if (event.record.state == StepState::failed && !failure_) failure_ = failure;
    if (event.record.state == StepState::failed) event.again = again_command(context_.pipeline, context_.store, context_.request, step);
    schedule_.failed(number);
  } else {
    publish(step, outputs, event);
    available_[step.name] = std::move(outputs);
    schedule_.succeeded(number);
  }
  if (const auto recorded = context_.recorder.step(event.record, context_.clock); !recorded) {
    context_.events.on(Notice{step.name, recorded.error().message, recorded.error().hint});
    if (!failure_) failure_ = recorded.error().kind;
  }
  info_.steps.push_back(event.record);
  context_.events.on(event);
  if (event.record.state == StepState::failed && !context_.pipeline.continue_on_step_failure && !stopping_) {
    schedule_.stop();
    for (auto& [other, run] : running_) run->stop(ErrorKind::step_failed);
    stop_all(ErrorKind::step_failed);
  }
}

void RunDispatcher::publish(const Step& step, const AvailableOutputs& outputs, StepEnded& event) {
  for (const StepOutput& output : step.outputs) {
    if (output.publish.empty()) continue;
    const auto wrote = publish_output(context_.store, output, outputs.at(output.name), context_.recorder.work_folder(), publication_index_);
    if (!wrote) {
      context_.events.on(Notice{step.name, fmt::format("output {} was not published: {}", output.name, wrote.error().message), wrote.error().hint});
      if (!failure_) failure_ = wrote.error().kind;
    } else if (*wrote) {
      event.published.emplace_back(output.name, output.publish);
    }
  }
}

void RunDispatcher::report_skipped() {
  for (const Schedule::Skip& skip : schedule_.take_skipped()) {
    StepEnded event;
    event.record.step = context_.pipeline.steps[skip.step].name;
    event.record.state = skip.because || !stopping_ ? StepState::skipped : StepState::stopped;
    event.record.reason = skip.because ? fmt::format("{} failed", context_.pipeline.steps[*skip.because].name) : "the run was stopped";
    event.record.started = context_.clock.wall();
    (void)context_.recorder.step(event.record, context_.clock);
    info_.steps.push_back(event.record);
    context_.events.on(event);
  }
}

void RunDispatcher::on_signal(int signal) {
  const ErrorKind kind = signal == SIGINT ? ErrorKind::interrupted : ErrorKind::terminated;
  if (stopping_) {
    for (auto& [step, run] : running_) run->kill(kind);
    return;
  }
  stopping_ = kind;
  context_.events.on(Notice{"", running_.empty() ? "stopping" : "stopping: what is finished is kept", running_.empty() ? "" : "once more kills at once"});
  schedule_.stop();
  for (auto& [step, run] : running_) run->stop(kind);
  stop_all(kind);
  pump();
}

// Steps that were taken but do not run yet are given up.
void RunDispatcher::stop_all(ErrorKind kind) {
  std::vector<std::size_t> waiting = std::exchange(waiting_, {});
  for (const auto& [step, decided] : std::exchange(decided_, {})) waiting.push_back(step);
  for (const std::size_t number : waiting) {
    StepEnded event;
    event.record.step = context_.pipeline.steps[number].name;
    event.record.state = StepState::stopped;
    event.record.reason = "the run was stopped";
    event.record.started = context_.clock.wall();
    finish(number, std::move(event), kind, {});
  }
}

}  // namespace mlpipe
