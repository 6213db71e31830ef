// Where the logs of a recorded step are, also of one that was reused.
#pragma once

#include <string>

#include "base/result.h"
#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe::cli {

Path logs_folder(const Store& store, const std::string& run, const std::string& step);

// The id of the run whose logs a step has: a reused one printed in the run that made its result. Kind usage: it has no logs.
Result<std::string> run_that_printed(const Store& store, const RunInfo& run, const std::string& step);

}  // namespace mlpipe::cli
