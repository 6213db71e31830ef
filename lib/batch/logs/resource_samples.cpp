#include "batch/logs/resource_samples.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "base/csv_text.h"

namespace mlpipe {
namespace {

std::string megabytes(std::optional<std::uint64_t> bytes) {
  return bytes ? fmt::format("{:.1f}", static_cast<double>(*bytes) / (1 << 20)) : std::string();
}

std::optional<std::uint64_t> less(std::optional<std::uint64_t> all, std::optional<std::uint64_t> part) {
  if (!all || !part) return std::nullopt;
  return *all - std::min(*all, *part);
}

std::string percent(std::optional<std::uint64_t> part, std::optional<std::uint64_t> all) {
  return part && all && *all > 0 ? fmt::format("{:.1f}", 100.0 * static_cast<double>(*part) / static_cast<double>(*all)) : std::string();
}

double ticks_a_second() {
  static const double ticks = static_cast<double>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  return ticks;
}

std::vector<Path> one_of_each_file_system(const std::vector<Path>& folders) {
  std::vector<Path> chosen;
  std::set<dev_t> seen;
  for (const auto& folder : folders) {
    struct stat st;
    if (!folder.empty() && ::stat(folder.c_str(), &st) == 0 && seen.insert(st.st_dev).second) chosen.push_back(folder);
  }
  return chosen;
}

}  // namespace

ResourceSamples::ResourceSamples(Path folder, const std::vector<Path>& disks, const Clock& clock, Path proc)
    : proc_(std::move(proc)),
      clock_(clock),
      node_(folder / "node_resource_usage.csv"),
      processes_(folder / "processes_resource_usage.csv"),
      disk_usage_(folder / "node_disk_usage.csv"),
      disks_(one_of_each_file_system(disks)) {
  node_.append("Time,CPU Percent,Load Average,Memory Total (MB),Memory Used (MB),Memory Available (MB),Memory Percent,Swap Used (MB)\n");
  processes_.append("Time,Process,PID,Processes,Threads,Memory (MB),Peak Memory (MB),CPU Seconds,CPU Percent\n");
  disk_usage_.append("Time,Folder,Total (MB),Used (MB),Free (MB),Used Percent\n");
}

void ResourceSamples::take(const std::vector<SampledProcess>& processes) {
  const auto time = format_utc(clock_.wall());
  sample_node(time);
  for (const auto& process : processes) sample_process(time, process);
  for (const auto& disk : disks_) sample_disk(time, disk);
}

std::string ResourceSamples::text_of(const Path& below_proc) const {
  auto text = read_file(proc_ / below_proc);
  return text ? text.take() : std::string();
}

void ResourceSamples::sample_node(const std::string& time) {
  const auto memory = text_of("meminfo");
  const auto total = bytes_of(memory, "MemTotal"), available = bytes_of(memory, "MemAvailable");
  const auto used = less(total, available);
  const auto swap = less(bytes_of(memory, "SwapTotal"), bytes_of(memory, "SwapFree"));
  const auto ticks = cpu_ticks(text_of("stat"));
  const auto load = load_of(text_of("loadavg"));
  std::string cpu;
  if (ticks && last_ticks_.all > 0) cpu = percent(less(ticks->busy, last_ticks_.busy), less(ticks->all, last_ticks_.all));
  if (ticks) last_ticks_ = *ticks;
  node_.append(fmt::format("{},{},{},{},{},{},{},{}\n", time, cpu, load ? fmt::format("{:.2f}", *load) : "", megabytes(total), megabytes(used),
                           megabytes(available), percent(used, total), megabytes(swap)));
}

// The runner's children are the workers, which have lines of their own.
void ResourceSamples::sample_process(const std::string& time, const SampledProcess& process) {
  const ProcessUsage usage = process_usage(process.pid, process.pid == ::getpid() ? 0 : deepest_generation, proc_);
  if (usage.processes == 0) return;
  const auto now = clock_.steady();
  const auto peak = bytes_of(text_of(Path(std::to_string(process.pid)) / "status"), "VmHWM");
  std::string cpu;
  if (const auto last = last_cpu_.find(process.pid); last != last_cpu_.end()) {
    const auto seconds = Seconds(now - last->second.first).count();
    const auto ticks = usage.cpu_ticks - std::min(usage.cpu_ticks, last->second.second);
    if (seconds > 0) cpu = fmt::format("{:.1f}", 100.0 * static_cast<double>(ticks) / ticks_a_second() / seconds);
  }
  last_cpu_[process.pid] = {now, usage.cpu_ticks};
  processes_.append(fmt::format("{},{},{},{},{},{},{},{:.2f},{}\n", time, process.name, process.pid, usage.processes, usage.threads,
                                megabytes(usage.rss), megabytes(peak), static_cast<double>(usage.cpu_ticks) / ticks_a_second(), cpu));
}

void ResourceSamples::sample_disk(const std::string& time, const Path& disk) {
  struct statvfs info;
  if (::statvfs(disk.c_str(), &info) != 0) return;
  const std::uint64_t total = info.f_blocks * info.f_frsize, used = total - info.f_bfree * info.f_frsize;
  std::string folder;
  append_csv(folder, disk.string());
  disk_usage_.append(fmt::format("{},{},{},{},{},{}\n", time, folder, megabytes(total), megabytes(used), megabytes(info.f_bavail * info.f_frsize),
                                 percent(used, total)));
}

}  // namespace mlpipe
