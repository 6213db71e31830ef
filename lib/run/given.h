// What steps that are not part of a run give to those that are.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "run/description.h"
#include "run/events.h"
#include "run/selection.h"

namespace mlpipe {

struct Given {
  std::map<std::string, AvailableOutputs> outputs;  // by step
  std::vector<StoredOutput> stored;                 // the same, all of them
  std::vector<Notice> notices;                      // which of them are stale
};

// Outputs of the steps that this run only reads from: the result for what such a step is now, else its last good one.
// Kind usage: there is none, and the hint says what to type.
Result<Given> given_outputs(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Selection& selection,
                            const StepGraph& graph, Describer& describer, const Clock& clock);

}  // namespace mlpipe
