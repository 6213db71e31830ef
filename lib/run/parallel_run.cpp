#include "run/parallel_run.h"

#include <algorithm>
#include <fmt/format.h>

#include <unistd.h>

#include "base/text.h"
#include "batch/workers/worker_environment.h"
#include "run/model_place.h"
#include "run/parallel_job.h"
#include "system/host.h"

namespace mlpipe {

ParallelRun::~ParallelRun() { context_.loop.cancel(limit_); }

Result<ParallelJob> ParallelRun::job() {
  JobPlaces places{workspace_->code(), workspace_->scratch(), state(), context_.recorder.logs_folder(step_.name)};
  MLPIPE_TRY(ParallelJob job, parallel_job(context_.pipeline, step_, description_, environment_, std::move(places)));
  job.replacements = replacements();
  job.variables_of = [telemetry = telemetry_.get()](const std::string& worker) { return telemetry->variables(worker); };
  job.workers = context_.request.no_cap ? job.config.workers_wanted(usable_cores()) : cores_wanted(step_, context_.cores);
  if (job.config.model && job.config.scoring.device != "cpu") job.workers = std::clamp(static_cast<int>(gpus_of(job.environment).size()), 1, job.workers);
  job.sample = context_.request.sample;
  MLPIPE_TRY_VOID(make_dirs(job.scratch));
  MLPIPE_TRY_VOID(make_dirs(job.state));
  if (job.config.model) {
    MLPIPE_TRY(job.model, place_of_model(context_.store.models_path(), job.model, job.config.scoring.device));
  }
  return job;
}

// With the journal: what scripts wrote for finished mini-batches must be there when the next run goes on behind them.
Result<Path> ParallelRun::outputs_folder() {
  // Their content is that of the fingerprint now. But if anything was written to or exchanged meanwhile, be it by a step into what
  // another one made, the rows of an unfinished attempt may come from something else.
  const std::string inputs = ways_.to_text();
  const auto text = read_file(state() / "inputs");
  const auto earlier = text ? InputWays::from_text(*text) : std::nullopt;
  const bool changed = !earlier || !ways_.unchanged_since(*earlier);
  if (changed && !fresh_ && path_exists(state() / "journal"))
    notice("it starts over: its input data was written to, or led elsewhere, since its last attempt began");
  if (changed || fresh_) MLPIPE_TRY_VOID(forget_state());
  MLPIPE_TRY_VOID(make_dirs(state()));
  if (changed || fresh_ || *text != inputs) MLPIPE_TRY_VOID(write_file(state() / "inputs", inputs, Durability::synced));
  return state() / "outputs";
}

// The published rows must be there after a power cut before the journal goes.
void ParallelRun::clear_state() {
  auto cleared = context_.store.sync_results();
  if (cleared) cleared = forget_state();
  if (!cleared) notice("what it needed to go on after a failure is still there: " + cleared.error().message, cleared.error().hint);
}

// The journal first: killed in the middle, what is left must not look finished.
Status ParallelRun::forget_state() {
  (void)::unlink((state() / "journal").c_str());
  return remove_tree(state());
}

// Unfinished, they stay for the next run; finished but incomplete, they are like those of any failed step.
Path ParallelRun::kept_outputs() {
  if (scored_ && incomplete_) return workspace_->keep_outputs(step_, context_.recorder.step_folder(step_.name) / "failed-outputs");
  return workspace_->wrote_something() ? workspace_->outputs() : Path();
}

Status ParallelRun::start_work() {
  MLPIPE_TRY(ParallelJob work, job());
  const int wanted = work.config.workers_wanted(usable_cores());
  if (work.workers < wanted)
    notice(fmt::format("{} instead of {}: this run has {}", plural(work.workers, "worker"), wanted, plural(context_.cores, "core")),
           "--no-cap insists on more workers than cores");
  if (const auto tracked = tracking().go_on(state(), step_.name); !tracked)
    notice("metrics of its last attempt are not taken along: " + tracked.error().message, tracked.error().hint);
  work_ = std::make_unique<ParallelStep>(context_.loop, context_.clock, std::move(work), *this);
  if (step_.timeout)
    limit_ = context_.loop.after(std::chrono::duration_cast<std::chrono::nanoseconds>(*step_.timeout), [this] {
      cut_short_ = ErrorKind::timeout;
      work_->kill(ErrorKind::timeout);
    });
  return work_->start();
}

void ParallelRun::stop(ErrorKind kind) {
  stopping_ = true;
  if (!cut_short_) cut_short_ = kind;
  work_->stop(kind);
}

void ParallelRun::kill(ErrorKind kind) {
  stopping_ = true;
  if (!cut_short_) cut_short_ = kind;
  work_->kill(kind);
}

void ParallelRun::on_output(const std::string& worker, bool is_stderr, std::string_view text, std::optional<std::uint64_t> mini_batch) {
  context_.events.on(StepOutputText{step_.name, worker, is_stderr, std::string(text), mini_batch});
}

void ParallelRun::on_worker_ended(const std::string& worker, WallTime began, Seconds took, const std::string& cause) {
  context_.events.on(WorkerEnded{step_.name, worker, began, took, cause});
}

void ParallelRun::on_try_ended(const std::string& worker, const EndedTry& ended) {
  if (ended.end != TryEnd::done) tracking().try_failed(step_.name, ended.mini_batch, ended.picked);
  context_.events.on(MiniBatchEnded{step_.name, worker, ended});
}

void ParallelRun::on_progress(const ParallelProgress& progress) { context_.events.on(StepProgress{step_.name, progress}); }

void ParallelRun::on_notice(const std::string& message, const std::string& hint) { notice(message, hint); }

void ParallelRun::add_facts(const ParallelOutcome& outcome) {
  if (!outcome.status) {  // what failed of a step that ended well did not end it
    facts_.output = outcome.last_words;
    facts_.traceback = outcome.traceback;
    facts_.signal = outcome.signal;
  }
  facts_.peak_memory = outcome.peak_memory;
  facts_.out_of_memory = outcome.out_of_memory;
  facts_.mini_batch = outcome.mini_batch;
  facts_.workers = outcome.workers;
  facts_.mini_batches = outcome.counts.mini_batches;
  facts_.items = outcome.counts.items;
  facts_.starting = outcome.starting;
  facts_.running = outcome.running;
  facts_.handing = outcome.handing;
}

void ParallelRun::on_finished(ParallelOutcome outcome) {
  context_.loop.cancel(limit_);
  record_.counts = outcome.counts;
  add_facts(outcome);
  if (outcome.status) {
    scored_ = true;
    succeed(outcome.counts);
    if (published_ || incomplete_) clear_state();
    return;
  }
  StepEnded event;
  if (!outcome.traceback.empty())
    for (const std::string_view line : split(trim(outcome.traceback), '\n')) event.details.emplace_back(line);
  event.mini_batch = outcome.mini_batch;
  event.items = std::move(outcome.items);
  event.log = outcome.log;
  event.hint = outcome.status.error().hint;
  if (cut_short_ == ErrorKind::timeout)
    return fail(ErrorKind::timeout, fmt::format("ran longer than its timeout of {:g} s", step_.timeout->count()), std::move(event));
  std::string error = outcome.status.error().message;
  if (!outcome.cause.empty() && error.find(outcome.cause) == std::string::npos) error += fmt::format(": {}", outcome.cause);
  fail(cut_short_.value_or(outcome.status.error().kind), std::move(error), std::move(event));
}

}  // namespace mlpipe
