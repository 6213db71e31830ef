// The environment of workers. A name given twice means its last value, whoever reads it: getenv would take the first.
#pragma once

#include <string>
#include <vector>

#include "batch/plan/job.h"

namespace mlpipe {

// What Azure's driver puts into the environment of its workers, and one thread for numeric libraries where the environment says
// nothing else: as many workers as cores with as many threads as cores each are slower than one thread each.
std::vector<std::string> python_environment(const ParallelJob& job);

// The same for worker `number`: its name, and where there are GPUs one of them; workers beyond their number see none, as in Azure.
// CUDA_VISIBLE_DEVICES is left alone where the parallel_run_config declares it.
std::vector<std::string> python_environment(const ParallelJob& job, int number);

// What stands for each GPU in CUDA_VISIBLE_DEVICES: those that the variable names already, else the machine's.
std::vector<std::string> gpus_of(const std::vector<std::string>& environment);

// The step's, with what scoring modules ask for (worker/native_worker.h).
std::vector<std::string> scoring_environment(const ParallelJob& job);

}  // namespace mlpipe
