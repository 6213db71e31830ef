// Where the logs of a recorded step are, also of one that was reused, and which of them people read first.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe::cli {

Path logs_folder(const Store& store, const std::string& run, const std::string& step);

// The id of the run whose logs a step has: a reused one printed in the run that made its result. Kind usage: it has no logs.
Result<std::string> run_that_printed(const Store& store, const RunInfo& run, const std::string& step);

// Files with something in them, below a step's logs, in the order of a reader's interest.
std::vector<std::string> log_files(const Path& logs);

}  // namespace mlpipe::cli
