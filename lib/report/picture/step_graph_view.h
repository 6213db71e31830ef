// The steps of a pipeline or of a run as something to draw: names, a line about each, who needs whom.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"

namespace mlpipe::picture {

struct DrawnStep {
  std::string name;
  std::string note;                // one line below the name
  std::string state;               // "ran", "reused", "failed", ...: a class of the picture; empty: nothing is known
  std::vector<std::size_t> needs;  // numbers of other steps
};

struct DrawnGraph {
  std::string title;
  std::vector<DrawnStep> steps;  // no cycle among them
};

// What kind of step each is stands in its note: "command", "script, train.py", "parallel, score.py", "parallel, model".
DrawnGraph drawn(const Pipeline& pipeline);

}  // namespace mlpipe::picture
