// What a parallel step begins with: its plan, and what an earlier attempt at the same plan left in the state folder.
#pragma once

#include <string>
#include <vector>

#include "batch/plan/job.h"
#include "batch/plan/mini_batch_plan.h"
#include "batch/record/journal.h"
#include "batch/record/tally.h"

namespace mlpipe {

struct Beginning {
  MiniBatchPlan plan;
  Journal journal;
  Tally tally;  // of what the journal has
  std::vector<std::string> notices;
};

// Earlier work is kept, but
//   mini-batches with failed items are scored again when these are too many: what can only fail again shall show why;
//   all are, into an empty output folder, when the machine was started anew since and scripts wrote files of their own.
Result<Beginning> begin_or_resume(const ParallelJob& job);

}  // namespace mlpipe
