#include "cli/printed_run.h"

#include <fmt/format.h>

#include "cli/chosen_run.h"

namespace mlpipe::cli {
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

}  // namespace mlpipe::cli
