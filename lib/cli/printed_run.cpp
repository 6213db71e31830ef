#include "cli/printed_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "cli/chosen_run.h"

namespace mlpipe::cli {
namespace {

// The verdict first, then why, then what was printed; bookkeeping, and what stands elsewhere too, only when nothing else is there.
int rank(const std::string& name) {
  constexpr std::array<std::string_view, 6> order{"job_result", "job_error", "job_progress", "user/error/", "user/stderr/", "user/stdout/"};
  for (std::size_t i = 0; i < order.size(); ++i)
    if (name.starts_with(order[i])) return static_cast<int>(i);
  return name.starts_with("sys/") || name == "readme.txt" || name == "user/error.txt" ? 9 : 8;
}

}  // namespace

Path logs_folder(const Store& store, const std::string& run, const std::string& step) {
  return store.run_path(run) / "steps" / folder_of_step(step) / "logs";
}

Result<std::string> run_that_printed(const Store& store, const RunInfo& run, const std::string& step) {
  if (is_folder(logs_folder(store, run.header.id, step))) return run.header.id;
  MLPIPE_TRY(const StepRecord record, step_of(store, run, step));
  if (record.state == StepState::reused && is_folder(logs_folder(store, record.reused_from, step))) return record.reused_from;
  return Error{ErrorKind::usage, fmt::format("step `{}` {} in run {}: it has no logs", step, name_of(record.state), run.header.id),
               record.reason};
}

std::vector<std::string> log_files(const Path& logs) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(logs, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && at->file_size(ignored) > 0) names.push_back(at->path().lexically_relative(logs).string());
  }
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return std::pair(rank(a), a) < std::pair(rank(b), b); });
  if (!names.empty() && rank(names.front()) < 9) std::erase_if(names, [](const std::string& name) { return rank(name) == 9; });
  return names;
}

}  // namespace mlpipe::cli
