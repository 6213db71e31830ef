// Which steps a request means, and which of them some folder stands in for.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/graph.h"
#include "pipeline/pipeline.h"
#include "run/request.h"

namespace mlpipe {

enum class Part {
  run,    // reuse or run it
  use,    // --use: its outputs come from a folder
  given,  // not selected, but a selected step needs it: its last good result is taken
  out,    // none of this run's business
};

struct Selection {
  std::vector<Part> parts;               // by step number
  std::vector<bool> forced;
  std::vector<std::string> description;  // for the record: "--until score"; empty: all steps
};

// Kind usage: a step that the request names does not exist (the hint says the nearest), or two selections at once.
Result<Selection> select(const Pipeline& pipeline, const StepGraph& graph, const RunRequest& request);

}  // namespace mlpipe
