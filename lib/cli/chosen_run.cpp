#include "cli/chosen_run.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe::cli {

void declare_run(Options& options, std::optional<std::string>& run) {
  options.value("--run", run, "ID", "a run's id or the beginning of it (default: latest)");
}

Result<RunInfo> choose_run(const Store& store, const std::optional<Path>& spec, const std::optional<std::string>& wanted) {
  if (wanted && *wanted != "latest") {
    MLPIPE_TRY(const std::string id, resolve_run(store, *wanted));
    return read_run(store, id);
  }
  MLPIPE_TRY(auto runs, read_runs(store, spec, 1));
  if (!runs.empty()) return std::move(runs.front());
  const std::string of = spec ? " of " + shown_path(*spec) : "";
  return Error{ErrorKind::usage, fmt::format("no run{} in {}", of, shown_path(store.root())), "`mlpipe run` makes one"};
}

Result<std::vector<RunInfo>> read_runs(const Store& store, const std::optional<Path>& spec, std::size_t limit, const std::string& before) {
  MLPIPE_TRY(const auto ids, list_runs(store));
  std::vector<RunInfo> runs;
  for (const std::string& id : ids) {
    if (!before.empty() && id >= before) continue;
    auto run = read_run(store, id);
    if (!run || (spec && run->header.spec != *spec)) continue;
    runs.push_back(run.take());
    if (runs.size() == limit) break;
  }
  return runs;
}

bool had_step(const Store& store, const RunInfo& run, const std::string& step) {
  return run.step(step) || path_exists(store.run_path(run.header.id) / "steps" / folder_of_step(step));
}

std::optional<std::string> latest_with_step(const Store& store, const std::optional<Path>& spec, const std::string& step) {
  const auto ids = list_runs(store);
  for (const std::string& id : ids ? *ids : std::vector<std::string>())
    if (const auto run = read_run(store, id); run && (!spec || run->header.spec == *spec) && had_step(store, *run, step)) return id;
  return std::nullopt;
}

Error no_such_step(const RunInfo& run, const std::string& step, const std::vector<std::string>& steps) {
  return {ErrorKind::usage, fmt::format("run {} has no step `{}`", run.header.id, step), suggestion(step, steps)};
}

Result<StepRecord> step_of(const Store& store, const RunInfo& run, const std::string& step) {
  if (const StepRecord* record = run.step(step)) return *record;
  if (path_exists(store.run_path(run.header.id) / "steps" / folder_of_step(step)))
    return Error{ErrorKind::usage, fmt::format("step {} of run {} has not ended{}", step, run.header.id, run.state == RunState::killed ? ": it was killed" : ""),
                 fmt::format("`mlpipe logs {}` shows what it printed so far", step)};
  std::vector<std::string> names;
  for (const StepRecord& record : run.steps) names.push_back(record.step);
  Error missing = no_such_step(run, step, names);
  if (const auto other = latest_with_step(store, run.header.spec, step)) missing.hint = fmt::format("the latest run that had it is {}: --run {}", *other, *other);
  return missing;
}

}  // namespace mlpipe::cli
