// What `why` knows of each step: its recorded decision, the changes that led to it, and what would happen now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/spec_arguments.h"
#include "report/json.h"
#include "store/run_record.h"

namespace mlpipe::cli {

struct RecordedRuns {
  std::optional<RunInfo> run;      // the one asked about; nothing when there is none yet
  std::vector<RunInfo> before;     // what it is compared with: the run of --against, or those before it, newest first
};
// Kind usage: a run that was named does not exist.
Result<RecordedRuns> recorded_runs(const Store& store, const Path& spec, const std::optional<std::string>& run,
                                   const std::optional<std::string>& against);

// In an order in which every step comes after what it needs. With `only`: that step, after those upstream of it that ran
// or would run: the root cause comes first.
std::vector<StepWhy> explain_steps(const Store& store, const Pipeline& pipeline, const RecordedRuns& recorded,
                                   const std::vector<StepPlan>& now, const std::optional<std::string>& only);

}  // namespace mlpipe::cli
