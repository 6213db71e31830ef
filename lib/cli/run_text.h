// A recorded run, as people read it.
#pragma once

#include <string>

#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe::cli {

std::string shown_time(WallTime time);          // "2026-11-23 00:15:30Z"
std::string shown_state(const RunInfo& run);    // "succeeded", "failed (exit code 5)"
std::string run_text(const Store& store, const RunInfo& run);

}  // namespace mlpipe::cli
