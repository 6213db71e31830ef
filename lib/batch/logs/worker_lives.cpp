#include "batch/logs/worker_lives.h"

#include <fmt/format.h>

#include "batch/workers/worker_logs.h"

namespace mlpipe {
namespace {

constexpr std::string_view columns =
    "Starts,Deaths,Mini-batches Done,Failed Tries,Items,Failed Items,Init Seconds,Busy Seconds,Run Method Seconds,CPU Seconds,"
    "Peak Memory (MB)\n";

// As Python's subprocess says it, and Azure's logs do.
int return_code(const ExitStatus& status) { return status.signal != 0 ? -status.signal : status.code; }

double in_seconds(std::chrono::nanoseconds time) { return Seconds(time).count(); }

}  // namespace

WorkerLives::WorkerLives(Path logs, int workers, const Clock& clock)
    : logs_(std::move(logs)), clock_(clock), main_(logs_ / "sys/node/local-0/_main.txt"), lives_(static_cast<std::size_t>(workers)) {
  for (int worker = 0; worker < workers; ++worker) {
    const auto file = worker_name(worker) + ".txt";
    at(worker).log = LogFile(logs_ / "sys/node/local-0" / file);
    at(worker).errors = LogFile(logs_ / "sys/error/local-0" / file);
  }
}

void WorkerLives::say(int worker, const std::string& what) {
  const auto time = format_utc(clock_.wall());
  at(worker).log.append(fmt::format("{} {}\n", time, what));
  main_.append(fmt::format("{} {} {}\n", time, worker_name(worker), what));
}

void WorkerLives::started(int worker, pid_t pid) {
  auto& life = at(worker);
  life.pid = pid;
  life.started = clock_.steady();
  const bool again = life.sums.starts++ > 0;
  say(worker, fmt::format("{} with pid {}", again ? "is replaced: started" : "started", pid));
}

void WorkerLives::ready(int worker) {
  auto& life = at(worker);
  const auto took = clock_.steady() - life.started;
  life.sums.init += took;
  say(worker, fmt::format("is ready: imports and init() took {}", format_seconds(took)));
}

void WorkerLives::ended(int worker, const WorkerEnd& end, const std::string& cause) {
  auto& life = at(worker);
  if (life.pid == 0) return;
  life.pid = 0;
  life.sums.cpu += end.status.cpu;
  life.sums.peak_rss = std::max(life.sums.peak_rss, end.status.peak_rss);
  const bool as_asked = end.wanted && end.status.ok();
  say(worker, fmt::format("exits with returncode {}{}; {} of CPU time, peak memory {}", return_code(end.status),
                          as_asked ? "" : ": " + cause, format_seconds(end.status.cpu), format_bytes(end.status.peak_rss)));
  if (end.wanted) return;
  ++life.sums.deaths;
  life.errors.append(fmt::format("{} {} exits with returncode {}: {}\n", format_utc(clock_.wall()), worker_name(worker),
                                 return_code(end.status), cause));
}

void WorkerLives::count(const EndedTry& ended) {
  auto& sums = at(ended.worker).sums;
  sums.busy += ended.elapsed;
  sums.run += ended.run;
  if (ended.end != TryEnd::done) {
    ++sums.failed_tries;
    return;
  }
  ++sums.done;
  sums.items += ended.items;
  sums.failed_items += ended.failed;
}

std::vector<SampledProcess> WorkerLives::processes() const {
  std::vector<SampledProcess> living;
  for (std::size_t i = 0; i < lives_.size(); ++i)
    if (lives_[i].pid > 0) living.push_back({worker_name(static_cast<int>(i)), lives_[i].pid});
  return living;
}

void WorkerLives::Sums::add(const Sums& other) {
  starts += other.starts;
  deaths += other.deaths;
  done += other.done;
  failed_tries += other.failed_tries;
  items += other.items;
  failed_items += other.failed_items;
  init += other.init;
  busy += other.busy;
  run += other.run;
  cpu += other.cpu;
  peak_rss = std::max(peak_rss, other.peak_rss);
}

std::string WorkerLives::line_of(const std::string& name, const Sums& sums) {
  return fmt::format("{},{},{},{},{},{},{},{:.6f},{:.6f},{:.6f},{:.6f},{:.1f}\n", name, sums.starts, sums.deaths, sums.done, sums.failed_tries,
                     sums.items, sums.failed_items, in_seconds(sums.init), in_seconds(sums.busy), in_seconds(sums.run), sums.cpu.count(),
                     static_cast<double>(sums.peak_rss) / (1 << 20));
}

WorkerLives::Times WorkerLives::times() const {
  Sums all;
  for (const Life& life : lives_) all.add(life.sums);
  return {all.init, all.run, all.busy - all.run};
}

void WorkerLives::write_summaries() {
  Sums all;
  auto text = fmt::format("Process,{}", columns);
  for (std::size_t i = 0; i < lives_.size(); ++i) {
    text += line_of(worker_name(static_cast<int>(i)), lives_[i].sums);
    all.add(lives_[i].sums);
  }
  LogFile::replace(logs_ / "sys/job_report/process_summary.csv", text);
  LogFile::replace(logs_ / "sys/job_report/node_summary.csv", fmt::format("Node,{}{}", columns, line_of("local-0", all)));
}

}  // namespace mlpipe
