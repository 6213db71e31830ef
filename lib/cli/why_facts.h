// What `why` knows of each step: its recorded decision, the changes that led to it, and what would happen now.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "cli/spec_arguments.h"
#include "report/json.h"
#include "store/run_record.h"

namespace mlpipe::cli {

// What a run is compared with: the one run of --against, or those of its spec before it. Read one by one, when they are asked for.
class History {
 public:
  History() = default;
  static History of(RunInfo against);
  static Result<History> before(const Store& store, const RunInfo& run);

  // Newest first; null behind the last. Stays where it is.
  const RunInfo* at(std::size_t number);

 private:
  const Store* store_ = nullptr;
  Path spec_;
  std::vector<std::string> ids_;  // not read yet
  std::deque<RunInfo> read_;
};

struct RecordedRuns {
  std::optional<RunInfo> run;  // the one asked about; nothing when there is none yet
  History before;
};
// `spec`: of which the latest run is meant, where none is named. Kind usage: a run that was named does not exist.
Result<RecordedRuns> recorded_runs(const Store& store, const std::optional<Path>& spec, const std::optional<std::string>& run,
                                   const std::optional<std::string>& against);

// What would happen now.
struct Outlook {
  Pipeline pipeline;
  std::vector<StepPlan> plans;
};

// The differences between what two fingerprints were made of; none where that is no longer known.
std::vector<Change> changes_between(const Store& store, const Digest& before, const Digest& after);

// In an order in which every step comes after what it needs. With `only`: that step, after those upstream of it that ran
// or would run. Without an outlook from records and manifests of the store alone.
std::vector<StepWhy> explain_steps(const Store& store, RecordedRuns& recorded, const Outlook* now, const std::optional<std::string>& only);

}  // namespace mlpipe::cli
