// The frames of worker/protocol.h that a job is made of: the same words for a run's workers and for the replay of one mini-batch.
#pragma once

#include <cstdint>
#include <string>

#include "batch/plan/job.h"
#include "batch/plan/mini_batch_plan.h"

namespace mlpipe {

// Makes a Python worker show the stacks of its threads. A real-time signal that neither glibc nor common libraries use.
inline constexpr int stack_signal = 62;

// The first frame that a worker gets. `name`: "process000".
std::string init_frame(const ParallelJob& job, const std::string& name);
std::string mini_batch_frame(const MiniBatchPlan& plan, std::uint64_t mini_batch, std::uint32_t attempt, Slice slice = {});

}  // namespace mlpipe
