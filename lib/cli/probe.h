// Asks another process a question and gives up after a while.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "system/files.h"

namespace mlpipe::cli {

// What it prints on stdout. `variables`: "NAME=value", over our environment. An error: it cannot be started, it fails, it takes longer.
Result<std::string> output_of(const std::vector<std::string>& argv, Seconds limit, const std::vector<std::string>& variables = {});

// mlpipe_scoring_module::version, from a forked process that opens the module.
Result<std::string> version_of_module(const Path& module, Seconds limit);

}  // namespace mlpipe::cli
