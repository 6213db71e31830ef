// The mini-batch plan of a parallel step that ran.
#pragma once

#include "batch/plan/mini_batch_plan.h"
#include "pipeline/pipeline.h"
#include "run/request.h"
#include "store/store.h"
#include "system/clock.h"

namespace mlpipe {

// As an unfinished attempt saved it; inputs then lie nowhere, so that items have relative paths. Nothing: it is gone, as after success.
std::optional<MiniBatchPlan> saved_plan(const Store& store, const Digest& fingerprint);
// Made anew. Kind usage: the step, or its data, is no longer what had this fingerprint.
Result<MiniBatchPlan> plan_anew(const Pipeline& pipeline, const Store& store, RunRequest request, const Step& step,
                                const Digest& fingerprint, const Clock& clock = Clock::real());

}  // namespace mlpipe
