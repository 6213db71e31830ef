// What a parallel step begins with: its plan, and what an earlier attempt at the same plan left in the state folder.
#pragma once

#include <string>
#include <vector>

#include "batch/journal.h"
#include "batch/mini_batch_plan.h"
#include "batch/parallel_step.h"
#include "batch/tally.h"

namespace mlpipe {

struct Beginning {
  MiniBatchPlan plan;
  Journal journal;
  Tally tally;  // of what the journal has
  std::vector<std::string> notices;
};

// Earlier work is kept, unless
//   it can only fail again: trying again shall show why;
//   the machine was started anew since, and scripts wrote files of their own: nobody synced those.
// Then all is scored again, into an empty output folder.
Result<Beginning> begin_or_resume(const ParallelJob& job);

}  // namespace mlpipe
