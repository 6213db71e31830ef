#include "run/run_dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/text.h"
#include "pipeline/job_name.h"
#include "reuse/code_trees.h"
#include "run/again.h"
#include "run/step_facts.h"
#include "store/room.h"
#include "system/host.h"

namespace mlpipe {
namespace {

using namespace std::chrono_literals;

// How often to ask whether another process has finished a step that we want: the kernel tells nobody when a lock is free.
constexpr auto poll_interval = 50ms;
// A step whose source or input changes each time it is about to start is given up.
constexpr int most_changes = 5;
// Steps that hold their claim, each a descriptor, and wait for a core. More would gain nothing, and keep others from working on them.
constexpr std::size_t most_decided = 64;
// A power cut may forget the steps that ended within it.
constexpr auto sync_interval = 1s;
constexpr const char* run_was_stopped = "the run was stopped";

std::vector<bool> finalizing(const Pipeline& pipeline) {
  std::vector<bool> flags;
  for (const Step& step : pipeline.steps) flags.push_back(step.finalizes);
  return flags;
}

std::vector<bool> considered(const Selection& selection) {
  std::vector<bool> flags;
  for (const Part part : selection.parts) flags.push_back(part == Part::run || part == Part::use);
  return flags;
}

void take_result(StepRecord& record, const StepDescription& description, const StepResult& result) {
  record.fingerprint = description.fingerprint;
  record.reused_from = result.run_id;
  record.outputs = result.outputs;
  record.counts = result.counts;
  record.metrics = result.metrics;
}

}  // namespace

RunDispatcher::RunDispatcher(RunContext& context, const StepGraph& graph, Selection selection, std::map<std::string, AvailableOutputs> available)
    : context_(context),
      selection_(std::move(selection)),
      schedule_(graph, considered(selection_), {context.cores, physical_memory()}, finalizing(context.pipeline)),
      available_(std::move(available)),
      announced_(graph.size()),
      pulse_(context.loop, context.events, [this] { return processes(); }),
      publication_index_(context.store.index_path(), context.clock),
      others_(context.request.cache_from) {
  info_.header = context.recorder.header();
}

RunDispatcher::~RunDispatcher() { context_.loop.cancel(sync_); }

RunInfo RunDispatcher::run() {
  context_.loop.on_signals([this](int signal) { on_signal(signal); });
  for (const std::string& notice : others_.notices()) context_.events.on(Notice{"", notice, ""});
  look_ahead();
  pump();
  if (!schedule_.done()) context_.loop.run();
  if (!schedule_.done()) {  // nothing is left to wait for: a bug of ours, which must not look like success
    context_.events.on(Notice{"", "the run came to a standstill before all steps had ended", "this is a bug of mlpipe: please report it"});
    if (!failure_) failure_ = ErrorKind::step_failed;
  }
  const std::optional<ErrorKind> stopped = stopping_ ? stopping_ : unheard_stop_;
  info_.exit_code = stopped ? exit_code(*stopped) : failure_ ? exit_code(*failure_) : 0;
  info_.state = stopped ? RunState::stopped : failure_ ? RunState::failed : RunState::succeeded;
  return std::move(info_);
}

void RunDispatcher::look_ahead() {
  std::vector<const Step*> steps;
  for (std::size_t i = 0; i < selection_.parts.size(); ++i)
    if (selection_.parts[i] == Part::run) steps.push_back(&context_.pipeline.steps[i]);
  context_.describer.look_ahead(steps);
}

void RunDispatcher::pump() {
  for (bool again = true; again;) {
    while (decided_.size() < most_decided) {
      const auto step = schedule_.take_ready();
      if (!step) break;
      consider(*step);
    }
    const bool full = decided_.size() >= most_decided;
    again = start_decided() || (full && decided_.size() < most_decided);
    report_skipped();
  }
  if (schedule_.done()) context_.loop.stop();
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
  finish(number, new_event(number, StepState::used, fmt::format("its outputs are taken from {}", folder.string())), std::nullopt, outputs.take());
}

void RunDispatcher::consider_run(std::size_t number) {
  const Step& step = context_.pipeline.steps[number];
  if (stopped_ && (stopping_ || !step.finalizes)) return end_stopped(number);
  auto description = context_.describer.describe(step, available_);
  if (!description) return fail_before_start(number, description.error());
  for (const Advice& advice : description->advice) context_.events.on(Notice{step.name, advice.message, advice.hint});
  const bool forced = selection_.forced[number], wanted = !forced && step.allow_reuse;
  auto claim = context_.store.claim(description->fingerprint, wanted);
  if (!claim) return fail_before_start(number, claim.error(), description->fingerprint);
  if (std::holds_alternative<Busy>(*claim)) return wait_for_other(number, description->fingerprint);
  std::optional<Path> from;
  if (auto* slot = std::get_if<Slot>(&*claim); slot && wanted) from = take_from_others(step, *description, *slot);
  std::optional<StepResult> found = from ? context_.store.find(description->fingerprint) : std::nullopt;
  if (auto* hit = std::get_if<Hit>(&*claim)) found = std::move(hit->result);
  auto verdict = judge(context_.pipeline, context_.store, step, *description, forced, found, context_.describer);
  if (!verdict) return fail_before_start(number, verdict.error(), description->fingerprint);
  if (verdict->missed) return miss(number, *description, *verdict);
  if (verdict->reuse) return reuse(number, *description, verdict.take(), from);
  if (std::holds_alternative<Hit>(*claim)) {  // a result that cannot be taken: make a new one in its place
    claim = context_.store.claim(description->fingerprint, false);
    if (!claim) return fail_before_start(number, claim.error(), description->fingerprint);
    if (std::holds_alternative<Busy>(*claim)) return wait_for_other(number, description->fingerprint);
  }
  if (verdict->damaged && found) context_.store.forget(std::get<Slot>(*claim), *found);
  decided_.emplace(number, Decided{description.take(), std::move(std::get<Slot>(*claim)), std::move(verdict->reason), verdict->cause});
}

// The store that had it, once it is ours. Whatever is wrong with one is said, and the step runs.
std::optional<Path> RunDispatcher::take_from_others(const Step& step, const StepDescription& description, Slot& slot) {
  for (const OtherStores::Found& found : others_.find(description.fingerprint)) {
    context_.describer.forget_ahead();  // from now on time passes
    auto taken = put_manifest(context_.store, description);
    if (taken) taken = borrow(found, context_.store, slot, context_.recorder.work_folder(step.name));
    // Without it the run cannot be run again, but it is right.
    if (taken && description.code) (void)code_trees::keep(context_.store, *description.code, step.source_directory);
    if (taken) context_.events.on(Notice{step.name, fmt::format("its result is taken from {}", shown_path(found.store->root())), ""});
    if (taken) return found.store->root();
    context_.events.on(Notice{step.name, fmt::format("its result is not taken from {}: {}", shown_path(found.store->root()), taken.error().message), ""});
  }
  return std::nullopt;
}

void RunDispatcher::reuse(std::size_t number, StepDescription& description, Verdict verdict, const std::optional<Path>& from) {
  if (from) verdict.reason = taken_from(verdict.reason, *from);
  const Step& step = context_.pipeline.steps[number];
  for (const std::string& warning : verdict.warnings) context_.events.on(Notice{step.name, warning, ""});
  StepEnded event = new_event(number, StepState::reused, verdict.reason);
  take_result(event.record, description, *verdict.result);
  finish(number, std::move(event), std::nullopt, std::move(verdict.outputs));
}

// It would be reused, but for its gates.
void RunDispatcher::miss(std::size_t number, const StepDescription& description, const Verdict& verdict) {
  StepEnded event = new_event(number, StepState::failed, verdict.reason);
  take_result(event.record, description, *verdict.result);
  event.record.error = verdict.missed->message;
  event.record.exit_code = exit_code(verdict.missed->kind);
  event.hint = verdict.missed->hint;
  finish(number, std::move(event), verdict.missed->kind, {});
}

void RunDispatcher::wait_for_other(std::size_t number, const Digest& fingerprint) {
  context_.describer.forget_ahead();  // from now on time passes
  waiting_.emplace(number, fingerprint);
  const bool by_us = !running_.empty() || !decided_.empty();
  if (!announced_[number] && !by_us) {
    announced_[number] = true;
    context_.events.on(StepWaiting{context_.pipeline.steps[number].name});
  }
  poll_waiting();
}

void RunDispatcher::retry_waiting() {
  std::map<std::size_t, Digest> still;
  for (const auto& [step, fingerprint] : std::exchange(waiting_, {})) {
    const auto claimed = stopped_ ? Result<bool>(false) : context_.store.is_claimed(fingerprint);
    if (claimed && *claimed) still.emplace(step, fingerprint);
    else consider_run(step);
  }
  waiting_.merge(still);
  if (!waiting_.empty()) poll_waiting();
}

// A claim is looked at, not described again: that costs a walk over all that the step depends on.
void RunDispatcher::poll_waiting() {
  if (poll_) return;
  poll_ = context_.loop.after(poll_interval, [this] {
    poll_ = 0;
    retry_waiting();
    pump();
  });
}

// True: something ended or was decided anew, so that others may be ready or startable now.
bool RunDispatcher::start_decided() {
  std::vector<std::size_t> turn;
  for (const auto& [step, decided] : decided_) turn.push_back(step);
  bool moved = false;
  for (const std::size_t number : turn) {
    const Step& step = context_.pipeline.steps[number];
    const bool given_up = !decided_.count(number);  // by the failure of one before it
    if (given_up || !schedule_.acquire(number, {cores_wanted(step, context_.cores), step.resources.memory})) continue;
    start(number);
    moved |= !running_.count(number);
  }
  return moved;
}

// A source or input that changes under our hands is described anew, which may even find a result.
void RunDispatcher::start(std::size_t number) {
  const Step& step = context_.pipeline.steps[number];
  context_.describer.forget_ahead();  // from now on time passes
  auto node = decided_.extract(number);
  const std::string reason = node.mapped().reason;
  const MissCause cause = node.mapped().cause;
  const Digest fingerprint = node.mapped().description.fingerprint;
  auto run = make_step_run(context_, step, std::move(node.mapped().description), std::move(node.mapped().slot),
                           {reason, selection_.forced[number], cause},
                           [this, number](StepRunEnd end) { ended(number, std::move(end)); });
  const auto started = run->start();
  if (started && *started) {
    running_[number] = std::move(run);
    pulse_.start();
    return;
  }
  if (!started) (void)run->keep_manifest();
  run.reset();
  if (!started) return fail_before_start(number, started.error(), fingerprint, reason);
  if (++changes_seen_[number] > most_changes)
    return fail_before_start(number, {ErrorKind::step_failed, "its source or inputs keep changing", "run it again when nothing writes to them"});
  context_.events.on(Notice{step.name, "its source or an input changed meanwhile; looking again", ""});
  schedule_.release(number);
  consider_run(number);
}

void RunDispatcher::ended(std::size_t number, StepRunEnd end) {
  running_.erase(number);
  finish(number, std::move(end.event), end.failure, std::move(end.outputs));
  retry_waiting();
  pump();
}

void RunDispatcher::fail_before_start(std::size_t number, const Error& error, std::optional<Digest> fingerprint, const std::string& reason) {
  StepEnded event = new_event(number, by_signal(error.kind) ? StepState::stopped : StepState::failed, reason);
  event.record.fingerprint = fingerprint;
  event.record.error = error.message;
  event.record.exit_code = error.kind == ErrorKind::threshold ? 42 : 1;
  event.record.findings = recognise_before_start(context_.pipeline, context_.pipeline.steps[number], error);
  if (event.record.findings.empty()) event.hint = error.hint;
  finish(number, std::move(event), error.kind, {});
}

void RunDispatcher::finish(std::size_t number, StepEnded event, std::optional<ErrorKind> failure, AvailableOutputs outputs) {
  const Step& step = context_.pipeline.steps[number];
  if (failure) {
    if (event.record.state == StepState::failed && !failure_) failure_ = failure;
    if (by_signal(*failure)) unheard_stop_ = failure;
    if (event.record.state == StepState::failed) {
      // A result that misses the step's gates would miss them again: its hint says what else there is.
      if (event.record.outputs.empty()) event.again = again_command(context_.pipeline, context_.store, context_.request, step);
      // A replay would take the code as it lies now.
      if (event.mini_batch && context_.request.rerun_of.empty()) event.replay = replay_command(context_.pipeline, context_.store, context_.request, step, *event.mini_batch);
    }
    schedule_.failed(number);
    if (event.record.state == StepState::failed) look_at_room();
  } else {
    publish(step, outputs, event);
    available_[step.name] = std::move(outputs);
    schedule_.succeeded(number);
  }
  if (const auto recorded = context_.recorder.step(event.record); !recorded) cannot_record(recorded.error());
  sync_soon();
  info_.steps.push_back(event.record);
  context_.events.on(event);
  if (event.record.state == StepState::failed && !context_.pipeline.continue_on_step_failure && !stopping_) {
    schedule_.stop_all_but_last();
    for (auto& [other, run] : running_) run->stop(ErrorKind::step_failed);
    stop_all(ErrorKind::step_failed);
  }
}

void RunDispatcher::sync_soon() {
  if (sync_ != 0) return;
  sync_ = context_.loop.after(sync_interval, [this] {
    sync_ = 0;
    if (const auto synced = context_.recorder.sync(); !synced) cannot_record(synced.error());
  });
}

Pulse::Processes RunDispatcher::processes() const {
  Pulse::Processes running;
  for (const auto& [step, run] : running_) running[context_.pipeline.steps[step].name] = run->processes();
  return running;
}

// Steps that fail for it may say so in their own words, or not at all.
void RunDispatcher::look_at_room() {
  const auto room = check_room(context_.store);
  if (room || said_no_room_) return;
  said_no_room_ = true;
  context_.events.on(Notice{"", room.error().message, room.error().hint});
}

void RunDispatcher::cannot_record(const Error& error) {
  context_.events.on(Notice{"", error.message, error.hint});
  if (!failure_) failure_ = error.kind;
}

void RunDispatcher::publish(const Step& step, const AvailableOutputs& outputs, StepEnded& event) {
  for (const StepOutput& output : step.outputs) {
    if (output.publish.empty()) continue;
    if (context_.request.sample) {
      context_.events.on(Notice{step.name, fmt::format("output {} is not published: it is made of a sample", output.name), ""});
      continue;
    }
    const StopsDeferred until_written;
    StepOutput placed = output;
    placed.publish = with_job_name(output.publish.string(), fmt::format("{}-{}", context_.recorder.header().id, folder_of_step(step.name)));
    const auto wrote = publish_output(context_.store, placed, outputs.at(output.name), publication_folders(step.name, output.name), publication_index_);
    if (!wrote) {
      context_.events.on(Notice{step.name, fmt::format("output {} was not published: {}", output.name, wrote.error().message), wrote.error().hint});
      if (!failure_) failure_ = wrote.error().kind;
    } else if (wrote->changed) {
      event.published.emplace_back(output.name, placed.publish);
      if (!wrote->replaced.empty())
        context_.events.on(Notice{step.name, fmt::format("publishing replaced {} that mlpipe had not put there as it was", plural(wrote->replaced.size(), "file")),
                                  fmt::format("the old ones are in {}", shown_path(wrote->replaced_folder))});
    }
  }
}

PublicationFolders RunDispatcher::publication_folders(const std::string& step, const std::string& output) const {
  return {context_.recorder.work_folder(), context_.recorder.folder() / "replaced" / step / output};
}

void RunDispatcher::report_skipped() {
  for (const Schedule::Skip& skip : schedule_.take_skipped()) {
    const StepEnded event = new_event(skip.step, skip.because || !stopping_ ? StepState::skipped : StepState::stopped,
                                      skip.because ? fmt::format("{} failed", context_.pipeline.steps[*skip.because].name) : run_was_stopped);
    (void)context_.recorder.step(event.record);
    info_.steps.push_back(event.record);
    context_.events.on(event);
  }
}

void RunDispatcher::on_signal(int signal) {
  const ErrorKind kind = signal == SIGINT || signal == SIGQUIT ? ErrorKind::interrupted : ErrorKind::terminated;
  if (stopping_) {
    for (auto& [step, run] : running_) run->kill(kind);
    return;
  }
  stopping_ = kind;
  context_.events.on(Notice{"", running_.empty() ? "stopping" : "stopping: what is finished is kept", running_.empty() ? "" : "once more kills at once"});
  schedule_.stop();
  for (auto& [step, run] : running_) run->stop(kind);
  stop_all(kind);
  if (signal == SIGQUIT)
    for (auto& [step, run] : running_) run->kill(kind);
  pump();
}

// Steps that were taken but do not run yet are given up.
void RunDispatcher::stop_all(ErrorKind kind) {
  stopped_ = kind;
  for (const auto& [step, fingerprint] : std::exchange(waiting_, {})) end_stopped(step);
  for (const auto& [step, decided] : std::exchange(decided_, {})) end_stopped(step);
}

void RunDispatcher::end_stopped(std::size_t number) {
  finish(number, new_event(number, StepState::stopped, run_was_stopped), *stopped_, {});
}

// The end of a step that did not run here.
StepEnded RunDispatcher::new_event(std::size_t number, StepState state, std::string reason) const {
  StepEnded event;
  event.record.step = context_.pipeline.steps[number].name;
  event.record.state = state;
  event.record.reason = std::move(reason);
  event.record.started = context_.clock.wall();
  event.record.reads = reads_of(context_.pipeline.steps[number]);
  return event;
}

}  // namespace mlpipe
