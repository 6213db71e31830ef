// Reading what runs recorded.
#include "store/run_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/records.h"
#include "store/run_places.h"

namespace mlpipe {
namespace {

Error usage(std::string message, std::string hint) { return {ErrorKind::usage, std::move(message), std::move(hint)}; }

std::string first_few(const std::vector<std::string>& ids) {
  constexpr std::size_t few = 5;
  if (ids.size() <= few) return join(ids, ", ");
  return join({ids.begin(), ids.begin() + few}, ", ") + ", ...";
}

}  // namespace

std::string_view name_of(StepState state) {
  switch (state) {
    case StepState::ran: return "ran";
    case StepState::reused: return "reused";
    case StepState::used: return "used";
    case StepState::failed: return "failed";
    case StepState::skipped: return "skipped";
    case StepState::stopped: return "stopped";
  }
  return "";
}

std::string_view name_of(MissCause cause) {
  constexpr std::string_view names[] = {"unknown",     "first time", "code",          "parameter", "argument", "input",        "environment",
                                        "setting",     "failed before", "collected", "damaged",   "threshold", "not reusable", "forced"};
  return names[static_cast<int>(cause)];
}

std::string_view name_of(RunState state) {
  switch (state) {
    case RunState::running: return "running";
    case RunState::succeeded: return "succeeded";
    case RunState::failed: return "failed";
    case RunState::stopped: return "stopped";
    case RunState::killed: return "killed";
  }
  return "";
}

const StepRecord* RunInfo::step(std::string_view name) const {
  const auto found = std::find_if(steps.rbegin(), steps.rend(), [&](const StepRecord& record) { return record.step == name; });
  return found == steps.rend() ? nullptr : &*found;
}

std::string folder_of_step(std::string step) {
  std::replace(step.begin(), step.end(), '.', '-');
  return step;
}

Result<std::vector<std::string>> list_runs(const Store& store) {
  const Path folder = store.root() / "runs";
  if (!path_exists(folder)) return std::vector<std::string>();
  MLPIPE_TRY(auto names, list_folder(folder));
  std::erase_if(names, [](const std::string& name) { return name.empty() || name[0] < '0' || name[0] > '9'; });
  std::reverse(names.begin(), names.end());
  return names;
}

Result<std::string> resolve_run(const Store& store, std::string_view wanted) {
  MLPIPE_TRY(const auto runs, list_runs(store));
  if (runs.empty()) return usage(fmt::format("the store {} has no runs", shown_path(store.root())), "start one with `mlpipe run`");
  if (wanted == "latest") return runs.front();
  std::vector<std::string> matches;
  for (const std::string& id : runs) {
    if (id == wanted) return id;
    if (!wanted.empty() && id.starts_with(wanted)) matches.push_back(id);
  }
  if (matches.size() == 1) return matches.front();
  if (matches.empty()) return usage(fmt::format("no run `{}`", wanted), "the latest runs: " + first_few(runs));
  return usage(fmt::format("`{}` could be any of {}", wanted, plural(matches.size(), "run")), "they are: " + first_few(matches));
}

Result<RunInfo> read_run(const Store& store, const std::string& id) {
  // Asked before reading: a run that ends in between has both its end record and its lock free.
  MLPIPE_TRY(const bool alive, store.locks().is_locked(run_lock_name(id)));
  MLPIPE_TRY(const std::string text, read_file(store.run_path(id) / record_name));
  RunInfo info;
  info.header.id = id;
  info.state = alive ? RunState::running : RunState::killed;
  for (const std::string_view line : split(text, '\n')) decode_line(line, info);
  info.header.id = id;
  info.header.spec = store.place_now(info.header.spec, info.header.beside_store);
  return info;
}

}  // namespace mlpipe
