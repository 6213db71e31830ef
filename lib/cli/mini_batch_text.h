// logs STEP --mini-batch N: what is known of one mini-batch of a recorded run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe::cli {

// Its items, its tries, their tracebacks, what its worker logged meanwhile, and the command line that replays it. `logs`: of the
// step. Kind usage: the step has no such mini-batch.
Result<std::string> mini_batch_text(const Store& store, const RunInfo& run, const StepRecord& record, const Path& logs, std::uint64_t mini_batch);

}  // namespace mlpipe::cli
