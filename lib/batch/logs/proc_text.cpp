#include "batch/logs/proc_text.h"

#include "base/text.h"

namespace mlpipe {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (const auto word : split(text, ' '))
    if (!trim(word).empty()) words.push_back(trim(word));
  return words;
}

std::optional<std::uint64_t> count_of(std::string_view word) {
  const auto number = parse_integer(word);
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::string_view line_of(std::string_view text, std::string_view name) {
  for (const auto line : split(text, '\n'))
    if (line.starts_with(name)) return line.substr(name.size());
  return {};
}

}  // namespace

std::optional<std::uint64_t> bytes_of(std::string_view text, std::string_view name) {
  const auto words = words_of(line_of(text, std::string(name) + ":"));
  if (words.size() != 2 || words[1] != "kB") return std::nullopt;
  const auto kilobytes = count_of(words[0]);
  if (!kilobytes || *kilobytes > UINT64_MAX / 1024) return std::nullopt;
  return *kilobytes * 1024;
}

std::optional<CpuTicks> cpu_ticks(std::string_view stat) {
  const auto words = words_of(line_of(stat, "cpu "));
  constexpr std::size_t idle = 3, waiting = 4, guests = 8;  // guests are in user time already
  if (words.size() <= waiting) return std::nullopt;
  CpuTicks ticks;
  for (std::size_t i = 0; i < std::min(words.size(), guests); ++i) {
    const auto count = count_of(words[i]);
    if (!count) return std::nullopt;
    ticks.all += *count;
    if (i != idle && i != waiting) ticks.busy += *count;
  }
  return ticks;
}

std::optional<double> load_of(std::string_view loadavg) {
  const auto words = words_of(loadavg);
  return words.empty() ? std::nullopt : parse_number(words.front());
}

std::optional<ProcessStat> process_stat(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto words = words_of(stat.substr(name_end + 1));
  constexpr std::size_t state = 3, utime = 14, stime = 15, cutime = 16, cstime = 17, threads = 20, rss = 24;  // numbers of fields in proc(5)
  if (words.size() <= rss - state) return std::nullopt;
  ProcessStat process;
  const auto value = [&](std::size_t field) { return count_of(words[field - state]).value_or(0); };
  process.cpu_ticks = value(utime) + value(stime);
  process.children_ticks = value(cutime) + value(cstime);
  process.threads = value(threads);
  process.rss_pages = value(rss);
  return process;
}

std::vector<long long> children_of(std::string_view text) {
  std::vector<long long> children;
  for (const auto word : words_of(text))
    if (const auto pid = parse_integer(word); pid && *pid > 0) children.push_back(*pid);
  return children;
}

}  // namespace mlpipe
