#include <fcntl.h>
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/mini_batch_text.h"
#include "cli/printed_run.h"
#include "cli/streams.h"
#include "report/log_tree.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::optional<std::string> step, run;
  std::optional<long long> mini_batch;
};

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
