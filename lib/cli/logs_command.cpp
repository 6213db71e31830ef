#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/mini_batch_text.h"
#include "cli/streams.h"
#include "report/log_tree.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::optional<std::string> step, run;
  std::optional<long long> mini_batch;
};

// The verdict first, then why, then what was printed; bookkeeping, and what stands elsewhere too, only when nothing else is there.
int rank(const std::string& name) {
  constexpr std::array<std::string_view, 6> order{"job_result", "job_error", "job_progress", "user/error/", "user/stderr/", "user/stdout/"};
  for (std::size_t i = 0; i < order.size(); ++i)
    if (name.starts_with(order[i])) return static_cast<int>(i);
  return name.starts_with("sys/") || name == "readme.txt" || name == "user/error.txt" ? 9 : 8;
}

// Files with something in them, below a step's logs, in the order of a reader's interest.
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

Status print_file(const Path& path) {
  MLPIPE_TRY(const Fd file, open_file(path, O_RDONLY));
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) return errno_error("read", path);
    if (got == 0) return {};
    MLPIPE_TRY_VOID(print({buffer.data(), static_cast<std::size_t>(got)}));
  }
}

Status print_logs(const Path& logs) {
  if (is_file(logs / step_log_name)) return print_file(logs / step_log_name);
  bool first = true;
  for (const std::string& name : log_files(logs)) {
    MLPIPE_TRY_VOID(print(fmt::format("{}==> {} <==\n", first ? "" : "\n", name)));
    MLPIPE_TRY_VOID(print_file(logs / name));
    first = false;
  }
  return {};
}

Path logs_folder(const Store& store, const std::string& run, const std::string& step) {
  return store.run_path(run) / "steps" / folder_of_step(step) / "logs";
}

// A reused step printed in the run that made its result.
Result<std::string> run_that_printed(const Store& store, const RunInfo& run, const std::string& step) {
  if (is_folder(logs_folder(store, run.header.id, step))) return run.header.id;
  MLPIPE_TRY(const StepRecord record, step_of(store, run, step));
  if (record.state == StepState::reused && is_folder(logs_folder(store, record.reused_from, step))) return record.reused_from;
  return Error{ErrorKind::usage, fmt::format("step `{}` {} in run {}: it has no logs", step, name_of(record.state), run.header.id),
               record.reason};
}

bool is_plain_name(const std::string& step) { return step.find('/') == std::string::npos && step != "." && step != ".." && !step.empty(); }

Result<int> mini_batch(const Store& store, const std::string& run_id, const std::string& step, const Path& logs, std::uint64_t number) {
  MLPIPE_TRY(const RunInfo run, read_run(store, run_id));
  MLPIPE_TRY(const StepRecord record, step_of(store, run, step));
  MLPIPE_TRY(const std::string text, mini_batch_text(store, run, record, logs, number));
  MLPIPE_TRY_VOID(print(text));
  return 0;
}

Result<int> logs(const Arguments& arguments) {
  const std::string& step = *arguments.step;
  if (!is_plain_name(step)) return Error{ErrorKind::usage, fmt::format("`{}` is no step's name", step), {}};
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const RunInfo run, choose_run(store, spec, arguments.run));
  MLPIPE_TRY(const std::string printed_in, run_that_printed(store, run, step));
  if (printed_in != run.header.id) tell(fmt::format("{} was reused: these are the logs of run {}", step, printed_in));
  const Path folder = logs_folder(store, printed_in, step);
  if (arguments.mini_batch) return mini_batch(store, printed_in, step, folder, static_cast<std::uint64_t>(*arguments.mini_batch));
  if (log_files(folder).empty()) tell(fmt::format("{} printed nothing ({})", step, shown_path(folder)));
  MLPIPE_TRY_VOID(print_logs(folder));
  return 0;
}

}  // namespace

Command logs_command() {
  return {"logs", "what a step printed", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("STEP", arguments->step, "the step", true);
            arguments->place.declare(options);
            declare_run(options, arguments->run);
            options.number("--mini-batch", arguments->mini_batch, 0, "N", "what is known of this mini-batch; they count from 0");
            return [arguments] { return logs(*arguments); };
          }};
}

}  // namespace mlpipe::cli
