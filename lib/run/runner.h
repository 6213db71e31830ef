// One run of a pipeline, from the plan to the last record.
#pragma once

#include "base/result.h"
#include "pipeline/pipeline.h"
#include "run/events.h"
#include "run/request.h"
#include "store/store.h"
#include "system/clock.h"

namespace mlpipe {

// Runs to the end and returns what was recorded; RunInfo::exit_code is what the process should exit with. An error: the
// run could not begin (kind usage: the request does not fit the pipeline; kind store). Handles SIGINT, SIGTERM and SIGHUP
// itself: the first stops politely, the second kills.
Result<RunInfo> run_pipeline(const Pipeline& pipeline, const Store& store, const RunRequest& request, EventSink& events,
                             const Clock& clock = Clock::real());

}  // namespace mlpipe
