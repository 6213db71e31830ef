#include "batch/logs/process_usage.h"

#include <unistd.h>

#include "batch/logs/proc_text.h"

namespace mlpipe {
namespace {

std::string text_of(const Path& file) {
  auto text = read_file(file);
  return text ? text.take() : std::string();
}

void add(ProcessUsage& usage, long long pid, int generations, const Path& proc) {
  const Path folder = proc / std::to_string(pid);
  const auto stat = process_stat(text_of(folder / "stat"));
  if (!stat) return;
  ++usage.processes;
  usage.threads += stat->threads;
  usage.rss += stat->rss_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.cpu_ticks += stat->cpu_ticks;
  if (generations == 0) return;
  usage.cpu_ticks += stat->children_ticks;
  const auto threads = list_folder(folder / "task");
  if (!threads) return;
  for (const auto& thread : *threads)
    for (const auto child : children_of(text_of(folder / "task" / thread / "children"))) add(usage, child, generations - 1, proc);
}

}  // namespace

ProcessUsage process_usage(long long pid, int generations, const Path& proc) {
  ProcessUsage usage;
  add(usage, pid, generations, proc);
  return usage;
}

}  // namespace mlpipe
