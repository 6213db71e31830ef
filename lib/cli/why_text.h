// `why` for people.
#pragma once

#include <string>
#include <vector>

#include "report/json.h"

namespace mlpipe::cli {

// `one`: it was asked about the last of them, whose root cause comes first, on a line of its own.
std::string why_text(const std::vector<StepWhy>& steps, bool one = false);

}  // namespace mlpipe::cli
