// Which run a command is about: --run ID, a prefix of it, or the latest one of this spec.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/spec_arguments.h"
#include "store/run_record.h"

namespace mlpipe::cli {

void declare_run(Options& options, std::optional<std::string>& run);

// Without `wanted` (or with "latest") the newest run of `spec`; of any when there is no spec. Kind usage: there is none.
Result<RunInfo> choose_run(const Store& store, const std::optional<Path>& spec, const std::optional<std::string>& wanted);

// Runs of `spec` (of all when there is none), newest first, at most `limit` of them (0: all) and only those before `before`
// (when not empty). Records that cannot be read are left out.
Result<std::vector<RunInfo>> read_runs(const Store& store, const std::optional<Path>& spec, std::size_t limit,
                                       const std::string& before = {});

// Whether the step began in that run.
bool had_step(const Store& store, const RunInfo& run, const std::string& step);
// The newest run of `spec` that had the step: its id.
std::optional<std::string> latest_with_step(const Store& store, const std::optional<Path>& spec, const std::string& step);

// Kind usage: a run with these steps has none of that name; the hint is the nearest one.
Error no_such_step(const RunInfo& run, const std::string& step, const std::vector<std::string>& steps);
// The record of a step in a run. Kind usage: the step is unknown to the run; the hint is the nearest name, or the latest run that had it.
Result<StepRecord> step_of(const Store& store, const RunInfo& run, const std::string& step);

}  // namespace mlpipe::cli
