#include "batch/logs/job_logs.h"

#include <unistd.h>

#include <fmt/format.h>


#include "base/text.h"
#include "batch/logs/job_texts.h"

namespace mlpipe {
namespace {

constexpr auto at_most_unwritten = std::chrono::seconds(1);
constexpr Seconds first_interval{1};  // by then workers have begun, and a short job has a sample of them

std::string settings_text(const ParallelRunConfig& config, int workers) {
  return fmt::format("{} (node_count {} x process_count_per_node {}), run_max_try {}, run_invocation_timeout {}, task_overhead_timeout {}, "
                     "error_threshold {}, allowed_failed_count {}, allowed_failed_percent {:g}",
                     plural(static_cast<std::size_t>(workers), "worker"), config.node_count,
                     config.process_count_per_node ? std::to_string(*config.process_count_per_node) : "unset", config.run_max_try,
                     format_seconds(config.run_invocation_timeout), format_seconds(config.task_overhead_timeout), config.error_threshold,
                     config.allowed_failed_count, config.allowed_failed_percent);
}

TryEnd end_of(FailedItem::Kind kind) {
  switch (kind) {
    case FailedItem::Kind::crash: return TryEnd::crash;
    case FailedItem::Kind::timeout: return TryEnd::timeout;
    case FailedItem::Kind::out_of_memory: return TryEnd::out_of_memory;
    default: return TryEnd::exception;
  }
}

}  // namespace

JobLogs::JobLogs(EventLoop& loop, const Clock& clock, const ParallelJob& job, const MiniBatchPlan& plan, int workers,
                 std::function<void(const EndedTry&)> on_try)
    : loop_(loop),
      clock_(clock),
      job_(job),
      plan_(plan),
      on_try_(std::move(on_try)),
      lives_(job.logs, workers, clock),
      overview_(job.logs, clock),
      table_(job.logs / "sys/job_report/processed_mini-batches.csv"),
      master_(job.logs / "sys/master_role.txt"),
      warnings_(job.logs / "sys/warning/local-0/_main.txt"),
      began_(static_cast<std::size_t>(workers), clock.steady()),
      wall_(clock.wall()),
      steady_(clock.steady()) {
  LogFile::replace(job.logs / "readme.txt", readme_text());
  decided(fmt::format("{} with {}, pid {}", plural(plan.mini_batches(), "mini-batch"), plural(plan.items(), "item"), ::getpid()));
  decided(settings_text(job.config, workers));
}

JobLogs::~JobLogs() {
  for (const auto timer : {flush_timer_, sample_timer_})
    if (timer) loop_.cancel(timer);
}

void JobLogs::begun(std::uint64_t resumed) {
  overview_.say(fmt::format("the job started, with up to {}", plural(began_.size(), "worker")));
  overview_.say(fmt::format("scheduled {} with {}", plural(plan_.mini_batches(), "mini-batch"), plural(plan_.items(), "item")));
  if (resumed > 0)
    overview_.say(fmt::format("resumed: {} of {} mini-batches were finished before and are kept", resumed, plan_.mini_batches()));
  if (job_.config.flags.resource_monitor_interval <= Seconds::zero()) return;
  samples_.emplace(job_.logs / "sys/perf/local-0", std::vector<Path>{job_.state, job_.scratch, job_.logs, job_.output}, clock_);
  sample();
  sample_after(std::chrono::duration_cast<std::chrono::nanoseconds>(std::min(first_interval, job_.config.flags.resource_monitor_interval)));
}

void JobLogs::decided(std::string_view what) {
  master_.append(fmt::format("{} {}\n", format_utc(clock_.wall()), shown(std::string(what))));
}

void JobLogs::noticed(std::string_view message, std::string_view hint) {
  decided(message);
  const auto text = fmt::format("{} {}{}{}", format_utc(clock_.wall()), message, hint.empty() ? "" : "; ", hint);
  warnings_.append(shown(text) + "\n");
}

void JobLogs::progress(ParallelProgress& progress) {
  const auto ended = progress.done + progress.failed;
  const auto now = clock_.steady();
  if (working_) remaining_.progress(now, ended);
  progress.remaining = remaining_.remaining(progress.mini_batches);
  if (ended != last_.done + last_.failed) overview_.processed(ended, progress.mini_batches, progress.remaining, now);
  last_ = progress;
}

// --- workers

void JobLogs::started(int worker, pid_t pid) { lives_.started(worker, pid); }

void JobLogs::ready(int worker) {
  lives_.ready(worker);
  if (std::exchange(working_, true)) return;
  remaining_.begin(clock_.steady(), last_.done + last_.failed);
  overview_.say("the first worker is ready");
}

void JobLogs::tell_times(ParallelOutcome& outcome) const {
  const auto times = lives_.times();
  outcome.starting = times.starting;
  outcome.running = times.running;
  outcome.handing = times.handing;
}

void JobLogs::gone(int worker, const WorkerEnd& end) { lives_.ended(worker, end, shown(end.cause)); }

// --- mini-batches

void JobLogs::began(int worker) { began_[static_cast<std::size_t>(worker)] = clock_.steady(); }

EndedTry JobLogs::new_try(int worker, const Assignment& assignment, SteadyTime now) const {
  const auto began = began_[static_cast<std::size_t>(worker)];
  const auto& slice = assignment.slice;
  EndedTry ended;
  ended.mini_batch = assignment.mini_batch;
  ended.picked = assignment.attempt;
  ended.worker = worker;
  ended.start = wall_ + std::chrono::duration_cast<WallTime::duration>(began - steady_);
  ended.elapsed = ended.process = ended.run = now - began;
  ended.items = std::min(slice.count, plan_.items_of(assignment.mini_batch) - slice.first);
  if (assignment.is_part()) ended.first = slice.first;
  ended.paths = plan_.names_of(assignment.mini_batch, {slice.first, ended.items}, MiniBatchTable::paths_shown);
  for (auto& path : ended.paths) path = shown(std::move(path));
  return ended;
}

void JobLogs::answered(int worker, const Assignment& assignment, const Answer& answer, std::uint64_t run_us) {
  const auto now = clock_.steady();
  const std::chrono::microseconds run(run_us);
  // One that was sent ahead was begun before its predecessor's answer was read.
  auto& began = began_[static_cast<std::size_t>(worker)];
  began = std::min(began, now - run);
  answered_ = new_try(worker, assignment, now);
  answered_.run = run;
  answered_.failed = answer.failed;
  if (!answer.failed_items.empty()) answered_.message = shown(answer.failed_items.front().reason);
}

void JobLogs::recorded() {
  answered_.elapsed = clock_.steady() - began_[static_cast<std::size_t>(answered_.worker)];
  add(answered_);
}

void JobLogs::try_failed(int worker, const Assignment& assignment, const Failure& failure) {
  const auto edited = shown(failure);
  auto ended = new_try(worker, assignment, clock_.steady());
  ended.failed = ended.items;
  ended.end = end_of(failure.kind);
  ended.message = edited.cause;
  groups_.add(worker, ended.end, edited);
  groups_changed_ = true;
  add(ended);
}

void JobLogs::init_failed(int worker, const Failure& failure) {
  groups_.add(worker, failure.traceback.empty() ? TryEnd::crash : TryEnd::exception, shown(failure));
  groups_changed_ = true;
  flush_soon();
}

void JobLogs::add(const EndedTry& ended) {
  lives_.count(ended);
  table_.add(ended);
  if (on_try_) on_try_(ended);
  flush_soon();
}

void JobLogs::flush_soon() {
  if (!flush_timer_) flush_timer_ = loop_.after(at_most_unwritten, [this] {
    flush_timer_ = 0;
    flush();
  });
}

void JobLogs::flush() {
  wall_ = clock_.wall();
  steady_ = clock_.steady();
  table_.flush();
  if (!std::exchange(groups_changed_, false)) return;
  if (const auto text = groups_.exceptions(); !text.empty()) LogFile::replace(job_.logs / "user/error.txt", text);
}

// --- samples

void JobLogs::sample() {
  if (!samples_) return;
  std::vector<SampledProcess> processes{{"runner", ::getpid()}};
  for (auto& worker : lives_.processes()) processes.push_back(std::move(worker));
  samples_->take(processes);
}

void JobLogs::sample_after(std::chrono::nanoseconds delay) {
  sample_timer_ = loop_.after(delay, [this] {
    sample_timer_ = 0;
    sample();
    sample_after(std::chrono::duration_cast<std::chrono::nanoseconds>(job_.config.flags.resource_monitor_interval));
  });
}

// --- the end

void JobLogs::ending() {
  if (std::exchange(ending_, true)) return;
  sample();
}

void JobLogs::writing_rows(std::uint64_t rows) {
  if (in_files(job_.config.scoring.format)) return overview_.say("writing the files of the mini-batches");
  const bool ordered = job_.config.order == RowOrder::mini_batch;
  overview_.say(fmt::format("{} put together into {}, in the order {}", plural(rows, "row"), shown(job_.config.append_row_file_name),
                            ordered ? "of the mini-batches" : "in which the mini-batches were done"));
}

void JobLogs::finished(const ParallelOutcome& outcome, const std::string& as_azure) {
  ending();
  for (auto* timer : {&flush_timer_, &sample_timer_})
    if (*timer) loop_.cancel(std::exchange(*timer, 0));
  flush();
  lives_.write_summaries();
  const auto verdict = outcome.status ? std::string("the job succeeded") : "the job failed: " + outcome.status.error().message;
  overview_.processed(last_.done + last_.failed, last_.mini_batches, {}, clock_.steady(), true);
  overview_.say(verdict);
  decided(verdict);
  LogFile::replace(job_.logs / "job_result.txt", result_text(outcome, job_.config, as_azure));
  if (!outcome.status) LogFile::replace(job_.logs / "job_error.txt", error_text(outcome, groups_));
}

// --- without secrets, and with the source's paths instead of the private copy's

std::string JobLogs::shown(std::string text) const { return edited(std::move(text), job_.replacements); }

Failure JobLogs::shown(const Failure& failure) const {
  return {shown(failure.cause), shown(failure.traceback), failure.mini_batch, {}, {}};
}

}  // namespace mlpipe
