// `why` for people.
#pragma once

#include <string>
#include <vector>

#include "report/json.h"

namespace mlpipe::cli {

std::string why_text(const std::vector<StepWhy>& steps);

}  // namespace mlpipe::cli
