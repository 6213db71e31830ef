// The mini-batch plan that a parallel step's configuration asks for.
#pragma once

#include "batch/plan/job.h"
#include "batch/plan/mini_batch_plan.h"

namespace mlpipe {

// From the inputs' content and the configuration alone; reads tables to the end, once. Error: an input has nothing to split,
// or cannot be split as asked.
Result<MiniBatchPlan> plan_of(const ParallelJob& job);

}  // namespace mlpipe
