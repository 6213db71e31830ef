// What became of each worker, and what each did:
//   sys/node/local-0/process000.txt   its life: started, ready, how it ended
//   sys/node/local-0/_main.txt        the same of all, in the order it happened
//   sys/error/local-0/process000.txt  only the ends that were no good
//   sys/job_report/process_summary.csv, node_summary.csv   sums, at the end
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "batch/logs/mini_batch_table.h"
#include "batch/logs/resource_samples.h"
#include "batch/workers/worker_pool.h"
#include "system/clock.h"
#include "system/log_file.h"

namespace mlpipe {

class WorkerLives {
 public:
  WorkerLives(Path logs, int workers, const Clock& clock);

  void started(int worker, pid_t pid);
  void ready(int worker);
  // `cause`: as people may see it.
  void ended(int worker, const WorkerEnd& end, const std::string& cause);
  void count(const EndedTry& ended);

  std::vector<SampledProcess> processes() const;  // the living
  void write_summaries();
  // Of all workers so far.
  struct Times {
    std::chrono::nanoseconds starting, running, handing;  // ParallelOutcome's
  };
  Times times() const;

 private:
  struct Sums {
    std::uint64_t starts = 0, done = 0, failed_tries = 0, items = 0, failed_items = 0, deaths = 0, peak_rss = 0;
    std::chrono::nanoseconds init{}, busy{}, run{};
    Seconds cpu{};
    void add(const Sums& other);
  };
  struct Life {
    pid_t pid = 0;
    SteadyTime started;
    Sums sums;
    LogFile log, errors;
  };
  Life& at(int worker) { return lives_[static_cast<std::size_t>(worker)]; }
  void say(int worker, const std::string& what);
  static std::string line_of(const std::string& name, const Sums& sums);

  Path logs_;
  const Clock& clock_;
  LogFile main_;
  std::vector<Life> lives_;
};

}  // namespace mlpipe
