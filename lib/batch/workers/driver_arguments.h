// sys.argv of an entry script, after its first word: the driver's own arguments, then the user's, in Azure's order.
#pragma once

#include <string>
#include <vector>

#include "batch/plan/job.h"

namespace mlpipe {

std::vector<std::string> driver_arguments(const ParallelJob& job);

}  // namespace mlpipe
