// Reuse a step's earlier result, or run it; and why. One judge for `plan`, `why` and `run`, so that they agree.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"
#include "reuse/why.h"
#include "run/description.h"
#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe {

struct Verdict {
  bool reuse = false;
  std::string reason;                 // one line
  MissCause cause = MissCause::unknown;  // of a step that must run
  std::optional<StepResult> result;   // of a reuse, and of one that is missed
  AvailableOutputs outputs;           // of a reuse
  std::optional<Error> missed;        // there is a result, and running again would make the same, but it does not pass the step's gates
  bool damaged = false;               // there is a result, but the disk no longer holds it
  std::vector<Change> changes;        // against the step's latest recorded decision
  std::vector<std::string> warnings;  // what differs without a rerun
};

// `found`: the result recorded for the fingerprint, if there is one; `other`: the store that has it, when it is not ours. Error:
// stopped while its outputs were looked at.
Result<Verdict> judge(const Pipeline& pipeline, const Store& store, const Step& step, const StepDescription& description, bool forced,
                      const std::optional<StepResult>& found, Describer& describer, const Store* other = nullptr);

// What differs from what an earlier fingerprint was made of.
std::vector<Change> changes_since(const Store& store, const Manifest& before, const StepDescription& now);

// The reason of a reuse whose result another store had.
std::string taken_from(const std::string& reason, const Path& store);

}  // namespace mlpipe
