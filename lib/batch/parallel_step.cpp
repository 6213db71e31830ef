#include "batch/parallel_step.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/dispatcher.h"
#include "batch/driver_arguments.h"
#include "batch/failures.h"
#include "batch/launcher.h"
#include "batch/resume.h"
#include "batch/rows_file.h"
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
    auto beginning = begin_or_resume(job_);
    if (!beginning) return shown_error(beginning.error());
    plan_.emplace(std::move(beginning->plan));
    journal_.emplace(std::move(beginning->journal));
    tally_.emplace(std::move(beginning->tally));
    for (const auto& text : beginning->notices) notice(text);
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

  void begin() {
    outcome_.resumed = journal_->finished().size();
    if (outcome_.resumed > 0) {
      notice(fmt::format("{} of {} mini-batches were finished before and are kept", outcome_.resumed, plan_->mini_batches()));
    }
    const auto& config = job_.config;
    workers_ = std::max(1, job_.workers);
    dispatcher_.emplace(plan_->mini_batches(), workers_, config.run_max_try);
    for (const auto& batch : journal_->finished()) dispatcher_->mark_done(batch.mini_batch);
    editors_.assign(static_cast<std::size_t>(2 * workers_), StreamEditor(job_.replacements));
    if (!launcher_) launcher_ = config.model ? make_scoring_launcher(loop_, job_) : make_python_launcher(loop_, job_);
    logs_.emplace(job_.logs, workers_);
    WorkerPoolOwner& owner = *this;
    const auto limit = config.run_invocation_timeout + config.task_overhead_timeout;
    pool_.emplace(loop_, clock_, *launcher_, owner, workers_, limit, limit_text(config));
    if (!config.model) driver_arguments_ = driver_arguments(job_);
    progress();
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
    give_up({error.kind == ErrorKind::timeout ? error.kind : ErrorKind::step_failed, error.message, error.hint});
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
      const wire::MiniBatch batch{next->mini_batch, next->attempt, plan_->paths_of(next->mini_batch)};
      pool_->send(worker, wire::encode(wire::ToWorker(batch)));
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
    if (auto error = record(worker, result)) return give_up(*error);
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
    notice(fmt::format("run() returned {} for {}: all are written, and the items count as succeeded", plural(returned, "result"),
                       plural(items, "item")));
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
    failure.log = log_failure(worker, text + "\n");
    note_failure(std::move(failure));
  }

  void on_failed(int worker, wire::MiniBatchFailed failed) override {
    const Assignment assignment{failed.id, failed.attempt};
    if (!dispatcher_->answered(worker, assignment)) return;
    Failure failure{std::move(failed.summary), std::move(failed.traceback), failed.id, {}, {}};
    try_failed(worker, assignment, std::move(failure), false);
    if (!failed_) feed(worker, false);
  }

  void try_failed(int worker, const Assignment& assignment, Failure failure, bool timed_out) {
    failure.items = plan_->paths_of(assignment.mini_batch);
    const auto what = fmt::format("mini-batch {} failed (try {} of {}): {}", assignment.mini_batch, assignment.attempt, job_.config.run_max_try,
                                  failure.cause);
    failure.log = log_failure(worker, Failures::heading(clock_.wall(), what) + Failures::list_items(failure.items) + failure.traceback + "\n");
    if (failures_.worth_a_notice()) notice(what, "see " + shown_path(failure.log));
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
    show(worker, is_stderr, editor(worker, is_stderr).feed(text));
  }

  void show(int worker, bool is_stderr, const std::string& text) {
    if (text.empty()) return;
    logs_->printed(worker, is_stderr, text);
    listener_.on_output(worker_name(worker), is_stderr, text);
  }

  StreamEditor& editor(int worker, bool is_stderr) { return editors_[static_cast<std::size_t>(2 * worker + is_stderr)]; }

  void on_shutdown_error(int worker, const std::string& error) override {
    const auto log = log_failure(worker, Failures::heading(clock_.wall(), "shutdown() failed") + error + "\n");
    notice("shutdown() failed in " + worker_name(worker) + "; the results are written", "see " + shown_path(log));
  }

  void on_gone(int worker, const WorkerEnd& end) override {
    for (const bool is_stderr : {false, true}) show(worker, is_stderr, editor(worker, is_stderr).flush());
    const auto lost = dispatcher_->lost(worker);
    if (end.during == WorkerEnd::During::init && !end.wanted) {
      init_failed(worker, end);
    } else if (end.during == WorkerEnd::During::stop && !end.wanted) {
      notice(fmt::format("{} did not end well: {}; the results are written", worker_name(worker), end.cause));
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
    Failure failure{end.cause, end.init.traceback, {}, {}, {}};
    failure.log = log_failure(worker, Failures::heading(clock_.wall(), end.cause) + failure.traceback + "\n");
    if (failure.traceback.empty()) failure.log = logs_->stderr_file(worker);
    ++init_failures_;
    const bool hopeless = init_failures_ >= 3 * workers_;
    if (failures_.worth_a_notice()) notice(worker_name(worker) + ": " + end.cause, "see " + shown_path(failure.log));
    note_failure(std::move(failure));
    if (hopeless) give_up({end.timed_out ? ErrorKind::timeout : ErrorKind::step_failed, end.cause, {}});
  }

  // --- the end

  void give_up(Error error) {
    if (!failed_) {
      failed_ = std::move(error);
      pool_->kill_all();
    }
    end_if_alone();
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
    if (!outcome_.status) outcome_.status = shown_error(outcome_.status.error());
    outcome_.counts = tally_->counts();
    if (const auto& first = failures_.first()) {
      outcome_.cause = shown(first->cause);
      outcome_.traceback = shown(first->traceback);
      outcome_.mini_batch = first->mini_batch;
      for (const auto& item : first->items) outcome_.items.push_back(shown(item));
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

  // --- what leaves this class: without secrets, and with the source's paths instead of the private copy's

  std::string shown(std::string_view text) const {
    StreamEditor editor(job_.replacements);
    return editor.feed(text) + editor.flush();
  }
  Error shown_error(const Error& error) const { return {error.kind, shown(error.message), shown(error.hint)}; }
  void notice(const std::string& message, const std::string& hint = {}) { listener_.on_notice(shown(message), shown(hint)); }
  Path log_failure(int worker, const std::string& text) { return logs_->failed(worker, shown(text)); }

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
  std::vector<StreamEditor> editors_;  // two of each worker: stdout's, stderr's
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
