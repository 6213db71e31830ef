#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <thread>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/kept_run.h"
#include "cli/mini_batch_text.h"
#include "cli/moment.h"
#include "cli/printed_run.h"
#include "cli/step_logs.h"
#include "cli/streams.h"
#include "report/log_tree.h"

namespace mlpipe::cli {
namespace {

constexpr auto look_every = std::chrono::milliseconds(100);

struct Arguments {
  Place place;
  std::optional<std::string> step, run, since, grep;
  std::optional<long long> mini_batch, worker;
  bool follow = false, stderr_only = false, json = false;
};

bool is_plain_name(const std::string& step) { return step.find('/') == std::string::npos && step != "." && step != ".." && !step.empty(); }

Result<LogFilter> filter_of(const Arguments& arguments, const Path& logs) {
  const bool of_command = !logs.empty() && is_file(logs / step_log_name);
  if (arguments.mini_batch && of_command)
    return Error{ErrorKind::usage, fmt::format("step {} has no mini-batches", *arguments.step), "--grep, --since and --stderr choose among its lines"};
  LogFilter filter;
  filter.stderr_only = arguments.stderr_only;
  if (arguments.mini_batch) filter.mini_batch = static_cast<std::uint64_t>(*arguments.mini_batch);
  // Those of a command step are its ranks.
  if (arguments.worker) filter.process = of_command ? fmt::format("rank {}", *arguments.worker) : fmt::format("process{:03}", *arguments.worker);
  if (arguments.since && !(filter.since = parse_moment(*arguments.since, Clock::real().wall())))
    return Error{ErrorKind::usage, fmt::format("--since {} is no time", *arguments.since), "for example 90s, 5m, 2h, 00:15 or 2026-11-23T00:15:30Z; times are UTC"};
  if (arguments.grep) {
    MLPIPE_TRY(filter.pattern, LinePattern::parse(*arguments.grep));
  }
  return filter;
}

Result<int> mini_batch(const Store& store, const RunInfo& run, const StepRecord& record, const Path& logs, std::uint64_t number) {
  MLPIPE_TRY(const std::string text, mini_batch_text(store, run, record, logs, number));
  MLPIPE_TRY_VOID(print(text));
  return 0;
}

bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLNVAL)) != 0;
}

// Until nothing more can come: the step has ended, or its run.
Result<int> follow(const Store& store, RunInfo run, const Arguments& arguments, const Path& logs) {
  std::optional<StepLogs> followed;
  for (;;) {
    const bool over = run.state != RunState::running || run.step(*arguments.step);
    if (!followed && (is_file(logs / step_log_name) || !log_files(logs).empty())) {
      MLPIPE_TRY(LogFilter filter, filter_of(arguments, logs));
      followed.emplace(logs, std::move(filter), arguments.json);
    }
    if (followed && over) MLPIPE_TRY_VOID(followed->print_rest());
    if (over || reader_is_gone()) return 0;
    bool any = false;
    if (followed) {
      MLPIPE_TRY(any, followed->print_news());
    }
    if (any) continue;
    std::this_thread::sleep_for(look_every);
    MLPIPE_TRY(run, read_run(store, run.header.id));
  }
}

// A step that has not begun yet may still print.
bool may_begin(const Store& store, const RunInfo& run, const std::string& step) {
  return run.state == RunState::running && !run.step(step) && !path_exists(logs_folder(store, run.header.id, step));
}

// Nobody shall wait for a step that the run does not have.
Status check_step(const Store& store, const RunInfo& run, const std::string& step) {
  const auto pipeline = kept_pipeline(store, run);
  if (!pipeline || pipeline->step(step)) return {};
  std::vector<std::string> names;
  for (const Step& known : pipeline->steps) names.push_back(known.name);
  return no_such_step(run, step, names);
}

Result<int> logs(const Arguments& arguments) {
  const std::string& step = *arguments.step;
  if (!is_plain_name(step)) return Error{ErrorKind::usage, fmt::format("`{}` is no step's name", step), {}};
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(RunInfo run, choose_run(store, spec, arguments.run));
  MLPIPE_TRY_VOID(filter_of(arguments, {}));
  if (arguments.follow && may_begin(store, run, step)) {
    MLPIPE_TRY_VOID(check_step(store, run, step));
    const std::string id = run.header.id;
    MLPIPE_TRY(const int code, follow(store, std::move(run), arguments, logs_folder(store, id, step)));
    if (is_folder(logs_folder(store, id, step))) return code;
    MLPIPE_TRY(run, read_run(store, id));  // it was reused, or never ran
  }
  MLPIPE_TRY(const std::string printed_in, run_that_printed(store, run, step));
  const Path folder = logs_folder(store, printed_in, step);
  if (arguments.follow && printed_in == run.header.id) return follow(store, std::move(run), arguments, folder);
  if (printed_in != run.header.id) tell(fmt::format("{} was reused: these are the logs of run {}", step, printed_in));
  MLPIPE_TRY(LogFilter filter, filter_of(arguments, folder));
  const bool sheet = filter.mini_batch && !arguments.json && !filter.stderr_only && !filter.process && !filter.since && !filter.pattern;
  MLPIPE_TRY(const RunInfo source, read_run(store, printed_in));
  // Of a step that a killed run did not end there are lines alone.
  if (const StepRecord* record = source.step(step); sheet && record) return mini_batch(store, source, *record, folder, *filter.mini_batch);
  const bool chosen = !filter.wants_all();
  StepLogs found(folder, std::move(filter), arguments.json);
  MLPIPE_TRY_VOID(found.print_rest());
  if (!found.printed()) tell(chosen && !log_files(folder).empty() ? fmt::format("nothing that {} printed is like that", step) : fmt::format("{} printed nothing ({})", step, shown_path(folder)));
  return 0;
}

}  // namespace

Command logs_command() {
  return {"logs", "what a step printed", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("STEP", arguments->step, "the step", true);
            arguments->place.declare(options);
            declare_run(options, arguments->run);
            options.flag("--follow", arguments->follow, "goes on printing until the step has ended");
            options.value("--since", arguments->since, "TIME", "lines from then on: 5m (ago), 00:15, 2026-11-23T00:15:30Z (UTC)");
            options.value("--grep", arguments->grep, "RE", "lines that match, as `grep -E` takes it");
            options.flag("--stderr", arguments->stderr_only, "only what went to stderr");
            options.number("--worker", arguments->worker, 0, "N", "only worker (or rank) N; they count from 0");
            options.number("--mini-batch", arguments->mini_batch, 0, "N", "what is known of this mini-batch, with other options only its lines; they count from 0");
            options.flag("--json", arguments->json, "pieces of the logs on stdout, each a line of JSON");
            return [arguments] { return logs(*arguments); };
          }};
}

}  // namespace mlpipe::cli
