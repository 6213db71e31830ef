#include "batch/parallel_step.h"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/logs/job_logs.h"
#include "batch/memory_kills.h"
#include "batch/progress_watch.h"
#include "batch/record/ledger.h"
#include "batch/record/rows_file.h"
#include "batch/record/rows_header.h"
#include "batch/record/script_files.h"
#include "batch/setbacks.h"
#include "batch/workers/frames.h"
#include "batch/workers/launcher.h"
#include "batch/workers/worker_pool.h"
#include "scoring/rows/row_writer.h"

namespace mlpipe {
namespace {

constexpr auto group_commit = std::chrono::seconds(1);
// As Azure: a process in which this many tries failed is not trusted any more, and a new one takes its place.
constexpr int failed_tries_of_a_process = 10;

constexpr const char* needs_less_memory = "process_count_per_node sets how many; a smaller mini_batch_size may need less memory";

// Mini-batches in flight for a worker whose last one took so long: sending the next one before the last is answered hides
// 10 us; behind a slow one it would only wait longer.
std::size_t window_for(std::uint64_t run_us) { return run_us > 50'000 ? 1 : run_us > 200 ? 2 : 4; }

// Not one that we sent for another reason than the time.
int signal_of(const WorkerEnd& end) { return end.by_itself || end.timed_out ? end.status.signal : 0; }

std::string limit_text(const ParallelRunConfig& config) {
  const auto run = config.run_invocation_timeout, overhead = config.task_overhead_timeout;
  return fmt::format("{} (run_invocation_timeout {} + task_overhead_timeout {})", format_seconds(run + overhead), format_seconds(run),
                     format_seconds(overhead));
}

}  // namespace

class ParallelStep::Impl : WorkerPoolOwner {
 public:
  Impl(EventLoop& loop, const Clock& clock, ParallelJob job, ParallelListener& listener, std::unique_ptr<WorkerLauncher> launcher)
      : loop_(loop),
        clock_(clock),
        job_(std::move(job)),
        listener_(listener),
        launcher_(std::move(launcher)),
        workers_(std::max(1, job_.workers)),
        workers_wanted_(workers_),
        voice_(job_, clock, listener, workers_),
        memory_kills_(job_.oom_kills) {}

  ~Impl() override {
    pool_.reset();  // kills through the launcher
    launcher_.reset();
    for (const auto timer : {sync_timer_, end_timer_})
      if (timer) loop_.cancel(timer);
  }

  Status start() {
    auto beginning = begin_or_resume(job_);
    if (!beginning) return voice_.shown(beginning.error());
    const auto notices = std::move(beginning->notices);
    ledger_.emplace(job_, beginning.take());
    logs_.emplace(loop_, clock_, job_, plan(), workers_, [this](const EndedTry& ended) { listener_.on_try_ended(worker_name(ended.worker), ended); });
    for (const auto& text : notices) notice(text);
    header_.emplace(job_.state);
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

  std::vector<pid_t> processes() const {
    std::vector<pid_t> living;
    for (int worker = 0; pool_ && worker < pool_->size(); ++worker)
      if (const pid_t pid = pool_->pid(worker); pid > 0) living.push_back(pid);
    return living;
  }

 private:
  // --- the beginning

  void begin() {
    const auto& finished = ledger_->journal().finished();
    outcome_.resumed = finished.size();
    if (outcome_.resumed > 0) {
      notice(fmt::format("{} of {} mini-batches were finished before and are kept", outcome_.resumed, plan().mini_batches()));
    }
    const auto& config = job_.config;
    failed_tries_.assign(static_cast<std::size_t>(workers_), 0);
    prints_.assign(static_cast<std::size_t>(workers_), 0);
    started_.assign(static_cast<std::size_t>(workers_), {});
    dispatcher_.emplace(plan().mini_batches(), workers_, config.run_max_try);
    setbacks_.emplace(job_, *ledger_, *dispatcher_, voice_, *logs_);
    for (const auto& batch : finished) dispatcher_->mark_done(batch.mini_batch);
    if (!launcher_) launcher_ = make_launcher();
    WorkerPoolOwner& owner = *this;
    const auto limit = config.run_invocation_timeout + config.task_overhead_timeout;
    pool_.emplace(loop_, clock_, *launcher_, owner, workers_, limit, limit_text(config));
    progress();
    watch_.emplace(loop_, clock_, progress_limit(config), [this] { on_still(); });
    ensure_workers();
    logs_->begun(outcome_.resumed);
    end_if_alone();
  }

  std::unique_ptr<WorkerLauncher> make_launcher() {
    LauncherNotice tell = [this](const std::string& message, const std::string& hint) { notice(message, hint); };
    if (job_.config.model) return make_scoring_launcher(loop_, job_, std::move(tell));
    if (job_.config.preload.empty()) return make_python_launcher(loop_, job_);
    return make_preload_launcher(loop_, job_, std::move(tell));
  }

  // As many as there is work for; replaces those that died.
  void ensure_workers() {
    if (stopping_ || failed_) return;
    for (int worker = 0; worker < workers_ && pool_->alive() < workers_wanted_ && dispatcher_->waiting() > spoken_for(); ++worker) {
      if (!pool_->absent(worker)) continue;
      voice_.starts(worker);
      pool_->start(worker);
    }
  }

  // Waiting mini-batches that workers who are about to be free will take.
  std::uint64_t spoken_for() const {
    std::uint64_t count = 0;
    for (int worker = 0; worker < workers_; ++worker) count += !pool_->absent(worker) && dispatcher_->in_flight(worker).empty();
    return count;
  }

  std::string init_frame(int worker) override {
    started_[static_cast<std::size_t>(worker)] = {clock_.wall(), clock_.steady()};
    logs_->started(worker, pool_->pid(worker));
    return mlpipe::init_frame(job_, worker_name(worker));
  }

  void on_cannot_launch(int worker, const Error& error) override {
    if (pool_->has_begun() && error.kind != ErrorKind::timeout) return fewer_workers(error.message, error.hint);
    setbacks_->no_worker({error.message, {}, {}, {}, voice_.stderr_file(worker)});
    give_up({error.kind == ErrorKind::timeout ? error.kind : ErrorKind::step_failed, error.message, error.hint});
  }

  // --- mini-batches

  void on_ready(int worker) override {
    init_failures_ = 0;
    watch_->progressed();
    failed_tries(worker) = 0;
    logs_->ready(worker);
    progress();
    feed(worker, 1);
  }

  int& failed_tries(int worker) { return failed_tries_[static_cast<std::size_t>(worker)]; }
  bool worn_out(int worker) { return failed_tries(worker) > failed_tries_of_a_process; }

  void feed(int worker, std::size_t window) {
    if (!pool_->ready(worker)) return;
    while (!stopping_ && !failed_ && !worn_out(worker)) {
      const auto next = dispatcher_->next(worker, window);
      if (!next) break;
      pool_->send(worker, mini_batch_frame(plan(), next->mini_batch, next->attempt, next->slice));
    }
    if (!dispatcher_->in_flight(worker).empty()) {
      logs_->began(worker);
      return pool_->begin_clock(worker);
    }
    pool_->stop_clock(worker);
    if (stopping_ || failed_ || worn_out(worker)) return pool_->finish(worker);
    if (dispatcher_->finished()) wind_down();
  }

  void on_still() {
    if (stopping_ || failed_ || dispatcher_->finished()) return;  // workers that do not end have limits of their own
    give_up({ErrorKind::timeout, fmt::format("no mini-batch was finished for {}", format_seconds(progress_limit(job_.config))),
             "the flag --progress_update_timeout SECONDS among the arguments allows more"});
  }

  void feed_idle_workers() {
    for (int worker = 0; worker < workers_; ++worker)
      if (dispatcher_->in_flight(worker).empty()) feed(worker, 1);
  }

  void wind_down() {
    logs_->ending();
    for (int worker = 0; worker < workers_; ++worker) pool_->finish(worker);
  }

  void on_result(int worker, wire::MiniBatchResult result) override {
    const auto assignment = dispatcher_->answered(worker, result.id, result.attempt);
    if (!assignment) return;
    auto answer = ledger_->judge(*assignment, result);
    logs_->answered(worker, *assignment, answer, result.run_us);
    if (result.returned > answer.items && answer.items > 0) setbacks_->surplus(result.returned, answer.items);
    if (answer.failed > 0) setbacks_->items_failed(worker, *assignment, answer);
    // Of one that prints it is known then what belongs to which mini-batch.
    if (result.printed) prints(worker) = 1;
    const auto window = prints(worker) ? 1 : window_for(result.run_us);
    const auto recorded = ledger_->scored(*assignment, std::move(answer), std::move(result));
    if (!recorded) return give_up(recorded.error());
    logs_->recorded();
    if (settled()) feed(worker, window);
  }

  void on_header(int, wire::RowsHeader header) override {
    const auto differs = header_->came(std::move(header));
    if (!differs) return give_up(differs.error());
    if (*differs) notice("run() returned data frames with different columns: the header is that of the first mini-batch");
  }

  // Something was recorded. False: the step is given up.
  bool settled() {
    if (!sync_timer_) sync_timer_ = loop_.after(group_commit, [this] { on_sync_timer(); });
    watch_->progressed();
    progress();
    auto error = ledger_->exceeded();
    if (!error) return true;
    give_up(*error);
    return false;
  }

  void on_failed(int worker, wire::MiniBatchFailed failed) override {
    const auto assignment = dispatcher_->answered(worker, failed.id, failed.attempt);
    if (!assignment) return;
    if (!assignment->is_part()) ++failed_tries(worker);
    try_failed(worker, *assignment, {std::move(failed.summary), std::move(failed.traceback), failed.id, {}, {}});
    if (!failed_) feed(worker, 1);
  }

  void try_failed(int worker, const Assignment& assignment, Failure failure) {
    const auto next = setbacks_->try_failed(worker, assignment, std::move(failure));
    if (!next) return give_up(next.error());
    if (*next == Setbacks::Next::settled) return settled(), void();
    if (*next == Setbacks::Next::halves) watch_->progressed();
    feed_idle_workers();
  }

  // --- the ends of workers

  void on_printed(int worker, bool is_stderr, std::string_view text) override {
    const auto& busy_with = dispatcher_->in_flight(worker);
    if (!busy_with.empty()) prints(worker) = 1;  // what init() prints says nothing of run()
    voice_.printed(worker, is_stderr, text, busy_with.empty() ? std::nullopt : std::optional(busy_with.front().mini_batch));
  }

  char& prints(int worker) { return prints_[static_cast<std::size_t>(worker)]; }
  bool works_ahead(int worker) const override { return !prints_[static_cast<std::size_t>(worker)] && dispatcher_->in_flight(worker).size() > 1; }

  void on_shutdown_error(int worker, const std::string& error) override {
    const auto log = voice_.log_failure(worker, "shutdown() failed", error);
    notice("shutdown() failed in " + worker_name(worker) + "; the results are written", "see " + shown_path(log));
  }

  void on_gone(int worker, const WorkerEnd& end) override {
    voice_.ended(worker);
    logs_->gone(worker, end);
    tell_end(worker, end);
    const auto lost = dispatcher_->lost(worker);
    if (end.during == WorkerEnd::During::init && !end.wanted) {
      init_failed(worker, end);
    } else if (end.during == WorkerEnd::During::stop && !end.wanted) {
      notice(fmt::format("{} did not end well: {}; the results are written", worker_name(worker), end.cause));
    } else if (lost && !end.wanted && !failed_) {
      worker_lost(worker, *lost, end);
    } else if (lost) {
      dispatcher_->give_back(*lost);
    }
    progress();
    ensure_workers();
    if (!stopping_ && !failed_) feed_idle_workers();
    end_if_alone();
  }

  void tell_end(int worker, const WorkerEnd& end) {
    const auto [wall, steady] = std::exchange(started_[static_cast<std::size_t>(worker)], {});
    if (wall == WallTime{}) return;  // it never was
    const bool as_asked = end.wanted && end.status.ok();
    listener_.on_worker_ended(worker_name(worker), wall, clock_.steady() - steady, as_asked ? "" : voice_.shown(end.cause));
  }

  void worker_lost(int worker, const Assignment& lost, const WorkerEnd& end) {
    Failure failure{end.cause, end.stack, lost.mini_batch, {}, {}, FailedItem::Kind::crash, signal_of(end), end.status.peak_rss};
    if (end.timed_out) failure.kind = FailedItem::Kind::timeout;
    if (end.status.signal == SIGKILL && !end.timed_out && memory_kills_.explain()) {
      failure.kind = FailedItem::Kind::out_of_memory;
      failure.cause = fmt::format("the kernel killed the worker process because memory ran out; its peak was {}", format_bytes(end.status.peak_rss));
      if (workers_wanted_ > 1 && memory_kills_.spares(lost.mini_batch)) {
        logs_->try_failed(worker, lost, failure);
        dispatcher_->give_back(lost);
        return fewer_workers(failure.cause, needs_less_memory);
      }
    }
    try_failed(worker, lost, std::move(failure));
  }

  // Once for a mini-batch: it is not its fault as long as fewer workers may have room for it.
  void fewer_workers(const std::string& cause, const std::string& hint) {
    --workers_wanted_;
    notice(fmt::format("{}: from now on {} instead of {}", cause, plural(workers_wanted_, "worker"), workers_wanted_ + 1), hint);
  }

  void init_failed(int worker, const WorkerEnd& end) {
    const bool no_memory = end.status.signal == SIGKILL && !end.timed_out && memory_kills_.explain();
    if (no_memory && workers_wanted_ > 1) return fewer_workers(end.cause, needs_less_memory);
    Failure failure{end.cause, end.stack.empty() ? end.init.traceback : end.stack, {}, {}, {}, FailedItem::Kind::exception, signal_of(end), end.status.peak_rss};
    if (end.timed_out) failure.kind = FailedItem::Kind::timeout;
    if (no_memory) failure.kind = FailedItem::Kind::out_of_memory;
    setbacks_->init_failed(worker, std::move(failure));
    watch_->progressed();
    if (++init_failures_ < 3 * workers_) return;
    const auto& first = setbacks_->first();
    give_up({end.timed_out ? ErrorKind::timeout : ErrorKind::step_failed, first->mini_batch ? end.cause : first->cause, {}});
  }

  // --- the end

  void give_up(Error error) {
    if (!failed_) {
      failed_ = std::move(error);
      logs_->decided("giving up: " + failed_->message);
      logs_->ending();
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
    watch_->stop();
    outcome_.status = conclude();
    if (!outcome_.status) outcome_.status = voice_.shown(outcome_.status.error());
    outcome_.counts = ledger_->tally().counts();
    if (const auto& first = setbacks_->first()) voice_.tell_cause(*first, outcome_);
    outcome_.workers = workers_;
    logs_->tell_times(outcome_);
    ledger_->list_open_failures();
    for (const auto& [message, hint] : report_failed_items(*ledger_, job_.logs)) notice(message, hint);
    logs_->finished(outcome_, ledger_->tally().as_azure());
    listener_.on_finished(std::move(outcome_));
  }

  Status conclude() {
    auto synced = ledger_->sync();
    if (failed_) return *failed_;
    if (stopping_) return Error{*stopping_, "stopped; finished mini-batches are kept for the next run", {}};
    if (!synced) return synced;
    if (auto error = ledger_->tally().verdict()) return *error;
    if (job_.output.empty() || job_.config.output_action != OutputAction::append_row) return note_handover(job_);
    logs_->writing_rows(ledger_->tally().counts().rows);
    MLPIPE_TRY_VOID(ledger_->write_rows(rows_header()));
    return note_handover(job_);
  }

  // Column names: those of the model's rows are in the spec, those of DataFrames came with them.
  std::string rows_header() const {
    if (!job_.config.model) return header_->text();
    const auto writer = RowWriter::make(job_.config.scoring);
    return writer ? writer->header() : std::string();
  }

  void on_sync_timer() {
    sync_timer_ = 0;
    memory_kills_.forget_old();
    if (auto synced = ledger_->sync(); !synced) give_up(synced.error());
  }

  const MiniBatchPlan& plan() const { return ledger_->plan(); }

  void notice(const std::string& message, const std::string& hint = {}) {
    logs_->noticed(message, hint);
    voice_.notice(message, hint);
  }

  void progress() {
    const auto& tally = ledger_->tally();
    ParallelProgress now{tally.mini_batches(), tally.done(), tally.failed(), tally.items(), tally.items_done(), tally.items_failed(),
                         pool_->alive(), {}};
    logs_->progress(now);
    listener_.on_progress(now);
  }

  EventLoop& loop_;
  const Clock& clock_;
  ParallelJob job_;
  ParallelListener& listener_;
  std::unique_ptr<WorkerLauncher> launcher_;
  int workers_, workers_wanted_;  // the second is less after memory ran out
  StepVoice voice_;
  MemoryKills memory_kills_;
  std::vector<int> failed_tries_;        // of each worker's process
  std::vector<char> prints_;             // each worker, in run(); once that is known, it stays so
  std::vector<std::pair<WallTime, SteadyTime>> started_;  // each worker's process
  std::optional<ProgressWatch> watch_;
  std::optional<Ledger> ledger_;
  std::optional<JobLogs> logs_;
  std::optional<RowsHeader> header_;
  std::optional<Dispatcher> dispatcher_;
  std::optional<WorkerPool> pool_;
  std::optional<Setbacks> setbacks_;
  ParallelOutcome outcome_;
  std::optional<Error> failed_;          // why it was given up
  std::optional<ErrorKind> stopping_;
  bool over_ = false;
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
std::vector<pid_t> ParallelStep::processes() const { return impl_->processes(); }

}  // namespace mlpipe
