#include "cli/step_logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "cli/streams.h"
#include "report/json_document.h"
#include "report/log_tree.h"

namespace mlpipe::cli {
namespace {

constexpr const char* command_insights = "user_logs/app_insights.txt";

// The verdict first, then why, then what was printed; bookkeeping, and what stands elsewhere too, only when nothing else is there.
int rank(const std::string& name) {
  constexpr std::array<std::string_view, 6> order{"job_result", "job_error", "job_progress", "user/error/", "user/stderr/", "user/stdout/"};
  for (std::size_t i = 0; i < order.size(); ++i)
    if (name.starts_with(order[i])) return static_cast<int>(i);
  return name.starts_with("sys/") || name.starts_with("azureml-logs/") || name == "readme.txt" || name == "user/error.txt" ? 9 : 8;
}

std::string document_of(const std::string& file, std::string_view text) {
  auto document = json_document("log");
  document["file"] = file;
  document["text"] = text;
  return json_text(document);
}

}  // namespace

std::vector<std::string> log_files(const Path& logs) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const Path& file : files_below(logs))
    if (std::filesystem::file_size(file, failed) > 0 && !failed) names.push_back(file.lexically_relative(logs).string());
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return std::pair(rank(a), a) < std::pair(rank(b), b); });
  if (!names.empty() && rank(names.front()) < 9) std::erase_if(names, [](const std::string& name) { return rank(name) == 9; });
  return names;
}

StepLogs::StepLogs(Path logs, LogFilter filter, bool json) : logs_(std::move(logs)), filter_(std::move(filter)), json_(json) {}

// What the filter may be about: of all else it is not known who printed it, or on which stream.
bool StepLogs::concerns(const std::string& name) const {
  if (filter_.wants_all() || name == step_log_name) return true;
  const bool of_mini_batches = name.starts_with("user/") && name != "user/error.txt";
  if (filter_.stderr_only && !name.starts_with("user/stderr/")) return false;
  if (filter_.mini_batch && (!of_mini_batches || name.starts_with("user/error/"))) return false;
  return !filter_.process || process_of_log(name) == *filter_.process;
}

// While the step runs, bookkeeping may just be what is there first, and of lines without an index it is not known yet which try of the
// mini-batch they belong to.
bool StepLogs::can_wait(const std::string& name) const { return rank(name) == 9 || (filter_.mini_batch && !path_exists(logs_ / index_of_log(name))); }

std::vector<std::string> StepLogs::names(bool last) const {
  std::vector<std::string> names;
  if (is_file(logs_ / step_log_name)) names = {step_log_name, command_insights};
  else names = log_files(logs_);
  std::erase_if(names, [&](const std::string& name) { return !concerns(name) || (!last && can_wait(name)); });
  return names;
}

FollowedLog& StepLogs::followed(const std::string& name) {
  auto& file = files_[name];
  if (file) return *file;
  const PrintMark source{0, {}, name.starts_with("user/stderr/"), process_of_log(name), {}};
  file = std::make_unique<FollowedLog>(logs_ / name, logs_ / index_of_log(name), filter_, source, busy_with(tries_, source.process));
  return *file;
}

Status StepLogs::print_part(const std::string& name, std::string_view lines) {
  if (lines.empty()) return {};
  const std::string heading = heading_of(name);
  heading_ = name;
  if (json_) return print(document_of(name, lines) + "\n");
  if (!heading.empty()) MLPIPE_TRY_VOID(print(heading));
  return print(lines);
}

// Nothing for the only file of a command step, nor where its text goes on.
std::string StepLogs::heading_of(const std::string& name) const {
  if (heading_ == name || (heading_.empty() && name == step_log_name)) return {};
  return fmt::format("{}==> {} <==\n", heading_.empty() ? "" : "\n", name);
}

Result<bool> StepLogs::print_news() {
  bool any = false;
  for (const std::string& name : names(false)) {
    MLPIPE_TRY(const bool here, followed(name).more([&](std::string_view lines) { return print_part(name, lines); }));
    any |= here;
  }
  return any;
}

Status StepLogs::print_rest() {
  if (filter_.mini_batch) tries_ = tries_of(logs_, *filter_.mini_batch);
  for (const std::string& name : names(true)) MLPIPE_TRY_VOID(followed(name).rest([&](std::string_view lines) { return print_part(name, lines); }));
  return {};
}

}  // namespace mlpipe::cli
