// The processes of a distributed step: how many, and what tells each of them who it is. Azure ML: `distribution` of a command.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline.h"

namespace mlpipe {

// At least one.
std::size_t count_ranks(const Distribution& distribution);

// "NAME=value" for each process, in the order of their ranks: RANK, WORLD_SIZE, LOCAL_RANK, NODE_RANK, MASTER_ADDR and MASTER_PORT of
// PyTorch; TF_CONFIG of TensorFlow, whose first task is the chief of the workers, and whose parameter servers come last; the variables
// that Open MPI sets. All of them are on this machine, so instances are told apart by number only. Takes free ports; nothing for a step
// of one process without a distribution. Error: there is no free port.
Result<std::vector<std::vector<std::string>>> rank_variables(const Distribution& distribution);

}  // namespace mlpipe
