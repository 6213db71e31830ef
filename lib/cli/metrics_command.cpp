#include <fmt/format.h>

#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/streams.h"
#include "cli/table.h"
#include "report/run_metrics.h"
#include "report/terminal_text.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::vector<std::string> runs;
  std::optional<std::string> step;
  std::optional<long long> limit;
  bool csv = false, json = false, series = false;
};

// Those named, in that order; else the latest ones, oldest first.
Result<std::vector<RunInfo>> chosen_runs(const Store& store, const Arguments& arguments) {
  std::vector<RunInfo> runs;
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  for (const std::string& wanted : arguments.runs) {
    MLPIPE_TRY(RunInfo run, choose_run(store, spec, wanted));
    runs.push_back(std::move(run));
  }
  if (!runs.empty()) return runs;
  if (!arguments.limit) {
    MLPIPE_TRY(RunInfo run, choose_run(store, spec, std::nullopt));
    runs.push_back(std::move(run));
    return runs;
  }
  MLPIPE_TRY(runs, read_runs(store, spec, static_cast<std::size_t>(*arguments.limit)));
  return std::vector<RunInfo>(std::make_move_iterator(runs.rbegin()), std::make_move_iterator(runs.rend()));
}

// `series`: with every point, which are files to be read.
RunMetrics metrics_of(const Store& store, const RunInfo& run, const std::optional<std::string>& step, bool series) {
  RunMetrics metrics{run.header, run.state, {}};
  for (const StepRecord& record : run.steps) {
    if (record.metrics.empty() || (step && record.step != *step)) continue;
    const std::string tracked_in = record.state == StepState::reused ? record.reused_from : run.header.id;
    metrics.steps.push_back({record.step, record.state, record.metrics, {}});
    if (series) metrics.steps.back().series = Tracking(store.run_path(tracked_in)).series(record.step);
  }
  return metrics;
}

std::string table_of(const std::vector<RunMetrics>& runs) {
  auto rows = metric_rows(runs);
  for (auto& row : rows)
    for (std::string& cell : row) cell = harmless(cell);
  return table(rows);
}

Result<int> metrics(const Arguments& arguments) {
  if (arguments.csv && arguments.json) return Error{ErrorKind::usage, "--csv and --json exclude each other", "give one of them"};
  if (arguments.limit && !arguments.runs.empty())
    return Error{ErrorKind::usage, "-n and the names of runs exclude each other", "-n N is about the latest N runs"};
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const std::vector<RunInfo> runs, chosen_runs(store, arguments));
  std::vector<RunMetrics> found;
  for (const RunInfo& run : runs) {
    if (arguments.step) MLPIPE_TRY_VOID(step_of(store, run, *arguments.step));
    found.push_back(metrics_of(store, run, arguments.step, arguments.series || arguments.json));
  }
  if (arguments.json) MLPIPE_TRY_VOID(print(to_json(found) + "\n"));
  else if (arguments.csv || arguments.series) MLPIPE_TRY_VOID(print(metric_csv(found, arguments.series)));
  else if (metric_rows(found).size() > 1) MLPIPE_TRY_VOID(print(table_of(found)));
  else tell("nothing was tracked; scripts do it with mlflow.log_metric(NAME, VALUE), or Run.get_context().log(NAME, VALUE)");
  return 0;
}

}  // namespace

Command metrics_command() {
  return {"metrics", "what the steps of runs tracked", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare(options);
            options.positionals("RUN", arguments->runs, "a run's id or the beginning of it, or latest (default)");
            options.number("-n,--limit", arguments->limit, 1, "N", "the latest N runs");
            options.value("--step", arguments->step, "STEP", "only of this step");
            options.flag("--csv", arguments->csv, "CSV on stdout: run,step,metric,value");
            options.flag("--series", arguments->series, "every value, not only the last one: CSV with at (the step of the script's counting) and time");
            options.flag("--json", arguments->json, "JSON on stdout, with every value");
            return [arguments] { return metrics(*arguments); };
          }};
}

}  // namespace mlpipe::cli
