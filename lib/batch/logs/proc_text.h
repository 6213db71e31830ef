// What the texts of /proc say about memory and processors, as far as samples need it (proc(5)). Pure: nothing that stands
// there can do harm, what is missing or malformed is nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mlpipe {

// The value of a line "MemTotal:  16384 kB", in bytes: of /proc/meminfo, /proc/PID/status.
std::optional<std::uint64_t> bytes_of(std::string_view text, std::string_view name);

// The first line of /proc/stat, in clock ticks since the machine was started.
struct CpuTicks {
  std::uint64_t busy = 0, all = 0;
};
std::optional<CpuTicks> cpu_ticks(std::string_view stat);

// /proc/loadavg: processes that ran or wanted to, over the last minute.
std::optional<double> load_of(std::string_view loadavg);

// /proc/PID/stat. The program's name may hold blanks and brackets.
struct ProcessStat {
  std::uint64_t cpu_ticks = 0;          // user and system time of its own threads
  std::uint64_t children_ticks = 0;     // of children that ended and that it waited for
  std::uint64_t threads = 0;
  std::uint64_t rss_pages = 0;
};
std::optional<ProcessStat> process_stat(std::string_view stat);

// /proc/PID/task/TID/children.
std::vector<long long> children_of(std::string_view text);

}  // namespace mlpipe
