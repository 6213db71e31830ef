// Memory, processors and disks while a job runs, a line a sample, below sys/perf/local-0:
//   node_resource_usage.csv       the machine
//   processes_resource_usage.csv  the runner and each worker, a worker's own children added to it
//   node_disk_usage.csv           the file systems that the job writes to
// CPU Percent is that since the last sample, 100 a core for a process, 100 all cores for the machine; empty in the first.
// What /proc does not tell stays empty.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "batch/logs/proc_text.h"
#include "batch/logs/process_usage.h"
#include "system/clock.h"
#include "system/log_file.h"

namespace mlpipe {

struct SampledProcess {
  std::string name;
  pid_t pid = 0;
};

class ResourceSamples {
 public:
  // `folder`: where the files go; `disks`: a folder of each file system that counts, the same one once.
  ResourceSamples(Path folder, const std::vector<Path>& disks, const Clock& clock, Path proc = "/proc");

  void take(const std::vector<SampledProcess>& processes);

 private:
  void sample_node(const std::string& time);
  void sample_process(const std::string& time, const SampledProcess& process);
  void sample_disk(const std::string& time, const Path& disk);
  std::string text_of(const Path& below_proc) const;

  Path proc_;
  const Clock& clock_;
  LogFile node_, processes_, disk_usage_;
  std::vector<Path> disks_;
  CpuTicks last_ticks_;
  std::map<pid_t, std::pair<SteadyTime, std::uint64_t>> last_cpu_;  // of each process
};

}  // namespace mlpipe
