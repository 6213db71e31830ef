#include "batch/parallel_step.h"

#include <cassert>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/dispatcher.h"
#include "batch/driver_arguments.h"
#include "batch/failures.h"
#include "batch/journal.h"
#include "batch/launcher.h"
#include "batch/mini_batch_plan.h"
#include "batch/rows_file.h"
#include "batch/tally.h"
#include "batch/worker_logs.h"
#include "batch/worker_pool.h"

namespace mlpipe {
namespace {

constexpr auto group_commit = std::chrono::seconds(1);
// Sending the next mini-batch before the last is answered hides 10 us; behind a slow one it would only wait longer.
constexpr std::uint64_t worth_sending_ahead_us = 50'000;

std::string limit_text(const ParallelRunConfig& config) {
  const auto run = config.run_invocation_timeout, overhead = config.task_overhead_timeout;
  return fmt::format("{} (run_invocation_timeout {} + task_overhead_timeout {})", format_seconds(run + overhead), format_seconds(run),
                     format_seconds(overhead));
}

Status check(const ParallelJob& job) {
  const auto& config = job.config;
  if (!config.mini_batch_size.is_count || !config.partition_keys.empty()) {
    return Error{ErrorKind::spec, "tables as input of a parallel step are not supported yet", "give files, and mini_batch_size as their number"};
  }
  if (config.mini_batch_size.value < 1) return Error{ErrorKind::spec, "mini_batch_size must be at least 1", {}};
  if (job.inputs.empty()) return Error{ErrorKind::spec, "step `" + job.step + "` has no input to split", "declare one under inputs"};
  return {};
}

Result<MiniBatchPlan> plan_of(const ParallelJob& job) {
  ItemListing listing;
  for (const auto& input : job.inputs) MLPIPE_TRY_VOID(list_items(input.name, input.path, input.pattern, listing));
  return MiniBatchPlan(std::move(listing), static_cast<std::uint64_t>(job.config.mini_batch_size.value), job.sample);
}

// The plan is on disk before the first mini-batch, and written once: the journal names it by its digest.
Result<Digest> save_plan(const MiniBatchPlan& plan, const Path& file) {
  const auto digest = plan.digest();
  const auto text = plan.serialise();
  if (const auto saved = exists(file) ? read_file(file) : Result<std::string>(Error{}); saved && *saved == text) return digest;
  MLPIPE_TRY_VOID(write_file(file, text, Durability::synced));
  return digest;
}

}  // namespace

class ParallelStep::Impl : WorkerPoolOwner {
 public:
  Impl(EventLoop& loop, const Clock& clock, ParallelJob job, ParallelListener& listener, std::unique_ptr<WorkerLauncher> launcher)
      : loop_(loop), clock_(clock), job_(std::move(job)), listener_(listener), launcher_(std::move(launcher)) {}

  ~Impl() override {
    pool_.reset();  // kills through the launcher
    launcher_.reset();
    for (const auto timer : {sync_timer_, end_timer_})
      if (timer) loop_.cancel(timer);
  }

  Status start() {
    MLPIPE_TRY_VOID(check(job_));
    for (const auto& folder : {job_.state, job_.logs, job_.scratch}) MLPIPE_TRY_VOID(make_dirs(folder));
    MLPIPE_TRY(auto plan, plan_of(job_));
    plan_.emplace(std::move(plan));
    MLPIPE_TRY(const auto digest, save_plan(*plan_, job_.state / "plan"));
    std::string notice;
    MLPIPE_TRY(auto journal, Journal::open(job_.state, digest, FileOps::real(), notice));
    journal_.emplace(std::move(journal));
    if (!notice.empty()) listener_.on_notice(notice, {});
    MLPIPE_TRY_VOID(resume());
    begin();
    return {};
  }

  void stop(ErrorKind reason) {
    if (over_) return;
    stopping_ = reason;
    for (int worker = 0; worker < pool_->size(); ++worker)
      if (dispatcher_->in_flight(worker).empty()) pool_->finish(worker);
    end_if_alone();
  }

  void kill(ErrorKind reason) {
    if (over_) return;
    stopping_ = reason;
    pool_->kill_all();
    end_if_alone();
  }

 private:
  // --- the beginning

  Status resume() {
    tally_.emplace(job_.config, plan_->mini_batches(), plan_->items());
    workers_ = std::max(1, job_.workers);
    dispatcher_.emplace(plan_->mini_batches(), workers_, job_.config.run_max_try);
    for (const auto& batch : journal_->finished()) {
      if (batch.mini_batch >= plan_->mini_batches()) {
        return Error{ErrorKind::store, "the journal in " + shown_path(job_.state) + " does not fit its plan", "run the step with --force-step"};
      }
      dispatcher_->mark_done(batch.mini_batch);
      tally_->finished(batch.items, batch.failed_items, batch.rows);
    }
    return {};
  }

  void begin() {
    outcome_.resumed = journal_->finished().size();
    if (outcome_.resumed > 0) {
      listener_.on_notice(fmt::format("{} of {} mini-batches were finished before and are kept", outcome_.resumed, plan_->mini_batches()), {});
    }
    const auto& config = job_.config;
    if (!launcher_) launcher_ = config.model ? make_scoring_launcher(loop_, job_) : make_python_launcher(loop_, job_);
    logs_.emplace(job_.logs, workers_);
    WorkerPoolOwner& owner = *this;
    pool_.emplace(loop_, clock_, *launcher_, owner, workers_, config.run_invocation_timeout + config.task_overhead_timeout, limit_text(config));
    if (!config.model) driver_arguments_ = driver_arguments(job_);
    progress();
    if (auto error = tally_->exceeded()) return give_up(*error);
    ensure_workers();
    end_if_alone();
  }

  // As many as there is work for; replaces those that died.
  void ensure_workers() {
    if (stopping_ || failed_) return;
    for (int worker = 0; worker < workers_ && dispatcher_->waiting() > spoken_for(); ++worker)
      if (pool_->absent(worker)) pool_->start(worker);
  }

  // Waiting mini-batches that workers who are about to be free will take.
  std::uint64_t spoken_for() const {
    std::uint64_t count = 0;
    for (int worker = 0; worker < workers_; ++worker) count += !pool_->absent(worker) && dispatcher_->in_flight(worker).empty();
    return count;
  }

  std::string init_frame(int worker) override {
    wire::Init init;
    init.fields = {{"name", worker_name(worker)},
                   {"entry_script", job_.config.entry_script.value},
                   {"source_directory", job_.code.string()},
                   {"output", job_.output.string()},
                   {"output_action", job_.config.output_action == OutputAction::append_row ? "append_row" : "summary_only"},
                   {"logging_level", job_.config.logging_level}};
    for (const auto& word : driver_arguments_) init.fields.emplace_back("argument", word);
    return wire::encode(wire::ToWorker(std::move(init)));
  }

  void on_cannot_launch(int worker, const Error& error) override {
    note_failure({error.message, {}, {}, {}, logs_->stderr_file(worker)});
    give_up({ErrorKind::step_failed, error.message, error.hint});
    end_if_alone();
  }

  // --- mini-batches

  void on_ready(int worker) override {
    init_failures_ = 0;
    progress();
    feed(worker, false);
  }

  void feed(int worker, bool ahead) {
    if (!pool_->ready(worker)) return;
    while (!stopping_ && !failed_) {
      const auto next = dispatcher_->next(worker, ahead);
      if (!next) break;
      pool_->send(worker, wire::encode(wire::ToWorker(wire::MiniBatch{next->mini_batch, next->attempt, plan_->paths_of(next->mini_batch)})));
    }
    if (!dispatcher_->in_flight(worker).empty()) return pool_->begin_clock(worker);
    pool_->stop_clock(worker);
    if (stopping_ || failed_) return pool_->finish(worker);
    if (dispatcher_->finished()) wind_down();
  }

  void feed_idle_workers() {
    for (int worker = 0; worker < workers_; ++worker)
      if (dispatcher_->in_flight(worker).empty()) feed(worker, false);
  }

  void wind_down() {
    for (int worker = 0; worker < workers_; ++worker) pool_->finish(worker);
  }

  void on_result(int worker, wire::MiniBatchResult result) override {
    const Assignment assignment{result.id, result.attempt};
    if (!dispatcher_->answered(worker, assignment)) return;
    if (auto error = record(worker, result)) {
      give_up(*error);
      return;
    }
    progress();
    if (auto error = tally_->exceeded()) return give_up(*error);
    feed(worker, result.run_us < worth_sending_ahead_us);
  }

  std::optional<Error> record(int worker, const wire::MiniBatchResult& result) {
    const auto items = plan_->items_of(result.id);
    const auto missing = items - std::min(items, result.returned);
    const auto failed = std::min(items, std::max(missing, static_cast<std::uint32_t>(result.failed.size())));
    const bool rows_wanted = job_.config.output_action == OutputAction::append_row;
    const FinishedBatch batch{result.id, result.attempt, rows_wanted ? result.returned : 0, items, failed};
    auto written = journal_->append(batch, rows_wanted ? std::string_view(result.rows) : std::string_view());
    if (!written) return written.error();
    if (!*written) return std::nullopt;
    if (!sync_timer_) sync_timer_ = loop_.after(group_commit, [this] { on_sync_timer(); });
    tally_->finished(items, failed, batch.rows);
    if (result.returned > items) notice_surplus(result.returned, items);
    if (failed > 0) note_failed_items(worker, result, items, failed);
    return std::nullopt;
  }

  void notice_surplus(std::uint32_t returned, std::uint32_t items) {
    if (std::exchange(noticed_surplus_, true)) return;
    listener_.on_notice(fmt::format("run() returned {} for {}: all are written, and the items count as succeeded", plural(returned, "result"),
                                    plural(items, "item")), {});
  }

  void note_failed_items(int worker, const wire::MiniBatchResult& result, std::uint32_t items, std::uint32_t failed) {
    const auto paths = plan_->paths_of(result.id);
    Failure failure;
    failure.mini_batch = result.id;
    if (result.failed.empty()) {
      failure.cause = fmt::format("run() returned {} for {}", plural(result.returned, "result"), plural(items, "item"));
      failure.items = paths;
    } else {
      failure.cause = result.failed.front().reason;
      for (const auto& item : result.failed)
        if (item.number < paths.size()) failure.items.push_back(paths[item.number]);
    }
    std::string text = Failures::heading(clock_.wall(), fmt::format("mini-batch {}: {} failed", result.id, plural(failed, "item")));
    if (result.failed.empty()) text += failure.cause + "\n";
    for (const auto& item : result.failed)
      if (item.number < paths.size()) text += paths[item.number] + ": " + item.reason + "\n";
    failure.log = logs_->failed(worker, text + "\n");
    note_failure(std::move(failure));
  }

  void on_failed(int worker, wire::MiniBatchFailed failed) override {
    const Assignment assignment{failed.id, failed.attempt};
    if (!dispatcher_->answered(worker, assignment)) return;
    Failure failure{std::move(failed.summary), shown_traceback(failed.traceback), failed.id, {}, {}};
    try_failed(worker, assignment, std::move(failure), false);
    if (!failed_) feed(worker, false);
  }

  void try_failed(int worker, const Assignment& assignment, Failure failure, bool timed_out) {
    failure.items = plan_->paths_of(assignment.mini_batch);
    const auto what = fmt::format("mini-batch {} failed (try {} of {}): {}", assignment.mini_batch, assignment.attempt, job_.config.run_max_try,
                                  failure.cause);
    failure.log = logs_->failed(worker, Failures::heading(clock_.wall(), what) + Failures::list_items(failure.items) + failure.traceback + "\n");
    if (failures_.worth_a_notice()) listener_.on_notice(what, "see " + shown_path(failure.log));
    if (dispatcher_->failed(assignment)) return feed_idle_workers();
    tally_->given_up(plan_->items_of(assignment.mini_batch));
    note_failure(std::move(failure));
    progress();
    auto error = tally_->exceeded();
    if (!error) return;
    if (timed_out) error->kind = ErrorKind::timeout;
    give_up(*error);
  }

  // --- the ends of workers

  void on_printed(int worker, bool is_stderr, std::string_view text) override {
    logs_->printed(worker, is_stderr, text);
    listener_.on_output(worker_name(worker), is_stderr, text);
  }

  void on_shutdown_error(int worker, const std::string& error) override {
    const auto text = shown_traceback(error);
    const auto log = logs_->failed(worker, Failures::heading(clock_.wall(), "shutdown() failed") + text + "\n");
    listener_.on_notice("shutdown() failed in " + worker_name(worker) + "; the results are written", "see " + shown_path(log));
  }

  void on_gone(int worker, const WorkerEnd& end) override {
    const auto lost = dispatcher_->lost(worker);
    if (end.during == WorkerEnd::During::init && !end.wanted) {
      init_failed(worker, end);
    } else if (end.during == WorkerEnd::During::stop && !end.wanted) {
      listener_.on_notice(fmt::format("{} did not end well: {}; the results are written", worker_name(worker), end.cause), {});
    } else if (lost && !end.wanted && !failed_) {
      try_failed(worker, *lost, {end.cause, {}, lost->mini_batch, {}, {}}, end.timed_out);
    } else if (lost) {
      dispatcher_->give_back(*lost);
    }
    progress();
    ensure_workers();
    if (!stopping_ && !failed_) feed_idle_workers();
    end_if_alone();
  }

  void init_failed(int worker, const WorkerEnd& end) {
    Failure failure{end.cause, shown_traceback(end.init.traceback), {}, {}, {}};
    failure.log = logs_->failed(worker, Failures::heading(clock_.wall(), end.cause) + failure.traceback + "\n");
    if (failure.traceback.empty()) failure.log = logs_->stderr_file(worker);
    ++init_failures_;
    const bool hopeless = init_failures_ >= 3 * workers_;
    if (failures_.worth_a_notice()) listener_.on_notice(worker_name(worker) + ": " + end.cause, "see " + shown_path(failure.log));
    note_failure(std::move(failure));
    if (hopeless) give_up({end.timed_out ? ErrorKind::timeout : ErrorKind::step_failed, end.cause, {}});
  }

  // --- the end

  void give_up(Error error) {
    if (failed_) return;
    failed_ = std::move(error);
    pool_->kill_all();
  }

  void end_if_alone() {
    if (pool_->alive() > 0 || over_ || !(stopping_ || failed_ || dispatcher_->finished())) return;
    over_ = true;
    end_timer_ = loop_.after(std::chrono::nanoseconds(0), [this] {
      end_timer_ = 0;
      finish();
    });
  }

  void finish() {
    if (sync_timer_) loop_.cancel(std::exchange(sync_timer_, 0));
    outcome_.status = conclude();
    outcome_.counts = tally_->counts();
    if (const auto& first = failures_.first()) {
      outcome_.cause = first->cause;
      outcome_.traceback = first->traceback;
      outcome_.mini_batch = first->mini_batch;
      outcome_.items = first->items;
      outcome_.log = first->log;
    }
    (void)write_file(job_.logs / "job_result.txt", Failures::summary(outcome_));
    listener_.on_finished(std::move(outcome_));
  }

  Status conclude() {
    auto synced = journal_->sync();
    if (failed_) return *failed_;
    if (stopping_) return Error{*stopping_, "stopped; finished mini-batches are kept for the next run", {}};
    if (!synced) return synced;
    if (auto error = tally_->verdict()) return *error;
    if (job_.output.empty() || job_.config.output_action != OutputAction::append_row) return {};
    return write_rows_file(journal_->rows_fd(), journal_->extents(), job_.config.order, job_.output / job_.config.append_row_file_name,
                           job_.state / "ordered rows", FileOps::real());
  }

  void on_sync_timer() {
    sync_timer_ = 0;
    if (auto synced = journal_->sync(); !synced) give_up(synced.error());
  }

  void note_failure(Failure failure) { failures_.add(std::move(failure)); }

  std::string shown_traceback(std::string text) const {
    return job_.code.empty() || job_.source.empty() ? text : Failures::with_path(std::move(text), job_.code.string(), job_.source.string());
  }

  void progress() {
    listener_.on_progress({tally_->mini_batches(), tally_->done(), tally_->failed(), tally_->items(), tally_->items_done(),
                           tally_->items_failed(), pool_->alive()});
  }

  EventLoop& loop_;
  const Clock& clock_;
  ParallelJob job_;
  ParallelListener& listener_;
  std::unique_ptr<WorkerLauncher> launcher_;
  int workers_ = 1;
  std::vector<std::string> driver_arguments_;
  std::optional<MiniBatchPlan> plan_;
  std::optional<Journal> journal_;
  std::optional<Dispatcher> dispatcher_;
  std::optional<Tally> tally_;
  std::optional<WorkerLogs> logs_;
  std::optional<WorkerPool> pool_;
  Failures failures_;
  ParallelOutcome outcome_;
  std::optional<Error> failed_;          // why it was given up
  std::optional<ErrorKind> stopping_;
  bool over_ = false;
  bool noticed_surplus_ = false;
  int init_failures_ = 0;                // since an init() last succeeded
  EventLoop::TimerId sync_timer_ = 0, end_timer_ = 0;
};

ParallelStep::ParallelStep(EventLoop& loop, const Clock& clock, ParallelJob job, ParallelListener& listener)
    : ParallelStep(loop, clock, std::move(job), listener, nullptr) {}

ParallelStep::ParallelStep(EventLoop& loop, const Clock& clock, ParallelJob job, ParallelListener& listener,
                           std::unique_ptr<WorkerLauncher> launcher)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(job), listener, std::move(launcher))) {}

ParallelStep::~ParallelStep() = default;

Status ParallelStep::start() { return impl_->start(); }
void ParallelStep::stop(ErrorKind reason) { impl_->stop(reason); }
void ParallelStep::kill(ErrorKind reason) { impl_->kill(reason); }

}  // namespace mlpipe
