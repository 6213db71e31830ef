// sys.argv of an entry script, after its first word: the driver's own arguments, then the user's, in Azure's order.
#pragma once

#include <string>
#include <vector>

#include "batch/parallel_step.h"

namespace mlpipe {

std::vector<std::string> driver_arguments(const ParallelJob& job);

// What Azure's driver puts into the environment of its workers, and one thread for numeric libraries: as many workers as
// cores with as many threads as cores each are slower than one thread each. What the environment has already stays.
std::vector<std::string> worker_environment(const ParallelJob& job);

}  // namespace mlpipe
