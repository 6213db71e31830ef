// Gathers what differs between two recorded runs, from the store alone.
#pragma once

#include "report/run_diff.h"
#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe::cli {

// What is no longer in the store is said in its place, never guessed.
RunDiff diff_runs(const Store& store, const RunInfo& before, const RunInfo& after);

}  // namespace mlpipe::cli
