#include "run/mini_batch_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/units.h"
#include "run/log_lines.h"

namespace mlpipe {
namespace {

constexpr const char* table_name = "sys/job_report/processed_mini-batches.csv";

// A line of ours in an error file: "2026-11-23T00:15:30.123Z mini-batch 3 failed ...". What follows the time.
std::optional<std::string_view> heading_of(std::string_view line) {
  const auto own = own_time_of(line);
  return own && own->rest.starts_with("Z ") ? std::optional(own->rest.substr(2)) : std::nullopt;
}

bool is_about(std::string_view heading, std::uint64_t mini_batch) {
  const std::string name = fmt::format("mini-batch {}", mini_batch);
  return heading.starts_with(name) && (heading.size() == name.size() || heading[name.size()] == ' ' || heading[name.size()] == ':');
}

std::string field(const MiniBatchTry& made, std::string_view name) {
  for (const auto& [column, value] : made.fields)
    if (column == name) return value;
  return {};
}

MiniBatchTry try_of(const std::vector<std::string>& columns, const std::vector<std::string>& record) {
  MiniBatchTry made;
  for (std::size_t i = 0; i < std::min(columns.size(), record.size()); ++i)
    if (!record[i].empty()) made.fields.emplace_back(columns[i], record[i]);
  made.worker = field(made, "Process");
  made.begun = parse_utc(field(made, "Start Time"));
  const auto seconds = parse_number(field(made, "Elapsed Seconds"));
  if (made.begun == WallTime{} || !seconds || *seconds < 0 || *seconds > 1e9) made.begun = {};
  else made.ended = made.begun + std::chrono::duration_cast<WallTime::duration>(Seconds(*seconds));
  return made;
}

// During this mini-batch: as the log's index says, else by its worker while it made these tries.
std::string printed_meanwhile(const Path& logs, const Path& file, const std::vector<MiniBatchTry>& tries, std::uint64_t mini_batch) {
  const auto text = read_file(file);
  if (!text) return {};
  LogFilter filter;
  filter.mini_batch = mini_batch;
  LogLines lines(filter, {}, busy_with(tries, process_of_log(file)));
  if (const auto index = read_file(logs / index_of_log(file))) lines.add(parse_marks(*index));
  std::string printed = lines.feed(*text);
  printed += lines.flush();  // a sum of both calls has no order
  return printed;
}

}  // namespace

std::vector<MiniBatchTry> tries_of(const Path& logs, std::uint64_t mini_batch) {
  std::vector<MiniBatchTry> tries;
  const auto text = read_file(logs / table_name);
  const auto records = text ? read_csv(*text) : std::vector<std::vector<std::string>>();
  for (std::size_t i = 1; i < records.size(); ++i)
    if (records[i][0] == std::to_string(mini_batch)) tries.push_back(try_of(records[0], records[i]));
  return tries;
}

std::string failures_of(std::string_view text, std::uint64_t mini_batch) {
  std::string found;
  bool ours = false;
  for (const std::string_view line : split(text, '\n')) {
    if (const auto heading = heading_of(line)) ours = is_about(*heading, mini_batch);
    if (ours) found.append(line).push_back('\n');
  }
  while (found.ends_with("\n\n")) found.pop_back();
  return found;
}

std::string process_of_log(const Path& file) {
  const std::string name = file.filename().string();
  return name.starts_with("process") ? name.substr(0, name.find('.')) : std::string();
}

std::vector<std::pair<WallTime, WallTime>> busy_with(const std::vector<MiniBatchTry>& tries, const std::string& process) {
  std::vector<std::pair<WallTime, WallTime>> windows;
  for (const MiniBatchTry& made : tries)
    if (made.ended != WallTime{} && !process.empty() && made.worker == process) windows.emplace_back(made.begun, made.ended);
  return windows;
}

MiniBatchLogs mini_batch_logs(const Path& logs, std::uint64_t mini_batch) {
  MiniBatchLogs found;
  found.tries = tries_of(logs, mini_batch);
  for (const Path& file : files_below(logs / "user" / "error"))
    if (const auto text = read_file(file))
      if (std::string failures = failures_of(*text, mini_batch); !failures.empty())
        found.failures.emplace_back(file.lexically_relative(logs).string(), std::move(failures));
  for (const char* kind : {"stderr", "stdout", "entry_script_log", "app_insights"})
    for (const Path& file : files_below(logs / "user" / kind))
      if (std::string lines = printed_meanwhile(logs, file, found.tries, mini_batch); !lines.empty())
        found.printed.emplace_back(file.lexically_relative(logs).string(), std::move(lines));
  return found;
}

}  // namespace mlpipe
