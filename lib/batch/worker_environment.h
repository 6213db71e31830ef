// The environment of workers. A name given twice means its last value, whoever reads it: getenv would take the first.
#pragma once

#include <string>
#include <vector>

#include "batch/parallel_step.h"

namespace mlpipe {

// What Azure's driver puts into the environment of its workers, and one thread for numeric libraries where the environment says
// nothing else: as many workers as cores with as many threads as cores each are slower than one thread each.
std::vector<std::string> python_environment(const ParallelJob& job);

// One thread whatever the environment says: a second one, started by whatever BLAS LibTorch brings, would forbid forking.
std::vector<std::string> scoring_environment(const ParallelJob& job);

}  // namespace mlpipe
