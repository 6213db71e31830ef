// Reading what runs recorded.
#include "store/run_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "store/records.h"
#include "store/run_places.h"

namespace mlpipe {

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

Result<std::vector<std::string>> list_runs(const Store& store) {
  const Path folder = store.root() / "runs";
  if (!exists(folder)) return std::vector<std::string>();
  MLPIPE_TRY(auto names, list_folder(folder));
  std::erase_if(names, [](const std::string& name) { return name.empty() || name[0] < '0' || name[0] > '9'; });
  std::reverse(names.begin(), names.end());
  return names;
}

Result<std::string> resolve_run(const Store& store, std::string_view wanted) {
  MLPIPE_TRY(const auto runs, list_runs(store));
  const auto usage = [](std::string message, std::string hint) { return Error{ErrorKind::usage, std::move(message), std::move(hint)}; };
  if (runs.empty()) return usage(fmt::format("the store {} has no runs", shown_path(store.root())), "start one with `mlpipe run`");
  if (wanted == "latest") return runs.front();
  std::vector<std::string> matches;
  for (const std::string& id : runs) {
    if (id == wanted) return id;
    if (!wanted.empty() && id.starts_with(wanted)) matches.push_back(id);
  }
  if (matches.size() == 1) return matches.front();
  const auto& shown = matches.empty() ? runs : matches;
  const std::vector<std::string> few(shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(shown.size(), 5)));
  const std::string hint = fmt::format("{}{}", matches.empty() ? "the latest runs: " : "they are: ", join(few, ", ")) + (few.size() < shown.size() ? ", ..." : "");
  if (matches.empty()) return usage(fmt::format("no run `{}`", wanted), hint);
  return usage(fmt::format("`{}` could be any of {}", wanted, plural(matches.size(), "run")), hint);
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
  return info;
}

}  // namespace mlpipe
