#include "cli/step_logs.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "cli/streams.h"
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

std::vector<std::string> files_below(const Path& logs) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(logs, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && at->file_size(ignored) > 0) names.push_back(at->path().lexically_relative(logs).string());
  }
  return names;
}

// What is new in a file that only grows.
class Tail {
 public:
  explicit Tail(Path path) : path_(std::move(path)) {}

  std::string more() {
    constexpr std::size_t most = 4u << 20;  // the rest comes next time
    std::string text;
    if (!file_)
      if (auto opened = open_file(path_, O_RDONLY)) file_ = opened.take();
    if (!file_) return text;
    text.resize(most);
    const auto got = read_at(file_.get(), offset_, text.data(), most, path_);
    text.resize(got ? *got : 0);
    offset_ += text.size();
    return text;
  }

 private:
  Path path_;
  Fd file_;
  std::uint64_t offset_ = 0;
};

// Marks that are whole; the rest of the text stays.
std::vector<PrintMark> take_marks(std::string& text) {
  const auto end = text.rfind('\n');
  if (end == std::string::npos) return {};
  auto marks = parse_marks(std::string_view(text).substr(0, end));
  text.erase(0, end + 1);
  return marks;
}

}  // namespace

std::vector<std::string> log_files(const Path& logs) {
  std::vector<std::string> names = files_below(logs);
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return std::pair(rank(a), a) < std::pair(rank(b), b); });
  if (!names.empty() && rank(names.front()) < 9) std::erase_if(names, [](const std::string& name) { return rank(name) == 9; });
  return names;
}

struct StepLogs::Followed {
  Tail log, index;
  LogLines lines;
  std::string half_mark{};

  std::string more(bool last) {
    std::string chosen;
    for (;;) {
      // The log first: what its index says of that is there already.
      const std::string text = log.more();
      half_mark += index.more();
      lines.add(take_marks(half_mark));
      if (text.empty()) return chosen + (last ? lines.flush() : std::string());
      chosen += lines.feed(text);
    }
  }
};

StepLogs::StepLogs(Path logs, LogFilter filter) : logs_(std::move(logs)), filter_(std::move(filter)) {
  if (filter_.mini_batch) tries_ = mini_batch_logs(logs_, *filter_.mini_batch).tries;
}

StepLogs::~StepLogs() = default;

// What the filter may be about: of all else it is not known who printed it, or on which stream.
bool StepLogs::concerns(const std::string& name) const {
  if (filter_.wants_all() || name == step_log_name) return true;
  const bool of_mini_batches = name.starts_with("user/") && name != "user/error.txt";
  if (filter_.stderr_only && !name.starts_with("user/stderr/")) return false;
  if (filter_.mini_batch && (!of_mini_batches || name.starts_with("user/error/"))) return false;
  return !filter_.process || process_of_log(name) == *filter_.process;
}

std::vector<std::string> StepLogs::names() const {
  std::vector<std::string> names;
  if (is_file(logs_ / step_log_name)) names = {step_log_name, command_insights};
  else names = log_files(logs_);
  std::erase_if(names, [&](const std::string& name) { return !concerns(name); });
  return names;
}

StepLogs::Followed& StepLogs::followed(const std::string& name) {
  auto& file = files_[name];
  if (file) return *file;
  const PrintMark source{0, {}, name.starts_with("user/stderr/"), process_of_log(name), {}};
  file.reset(new Followed{Tail(logs_ / name), Tail(logs_ / index_of_log(name)), LogLines(filter_, source, busy_with(tries_, source.process))});
  return *file;
}

Status StepLogs::print_part(const std::string& name, const std::string& lines) {
  if (lines.empty()) return {};
  const bool alone = heading_.empty() && name == step_log_name;
  if (heading_ != name && !alone) MLPIPE_TRY_VOID(print(fmt::format("{}==> {} <==\n", heading_.empty() ? "" : "\n", name)));
  heading_ = name;
  return print(lines);
}

Status StepLogs::print_news(bool last) {
  for (const std::string& name : names()) MLPIPE_TRY_VOID(print_part(name, followed(name).more(last)));
  return {};
}

}  // namespace mlpipe::cli
