// The processes of a distributed step: how many, and what tells each of them who it is. Azure ML: `distribution` of a command.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline.h"

namespace mlpipe {

// "NAME=value" for each process, in the order of their ranks: RANK, WORLD_SIZE, LOCAL_RANK, NODE_RANK, MASTER_ADDR and MASTER_PORT of
// PyTorch; TF_CONFIG of TensorFlow, whose first task is the chief of the workers, and whose parameter servers come last; the variables
// that Open MPI sets. AZUREML_NODE_COUNT in any case but that of one process on one instance without a distribution. All of them are on this machine, so
// instances are told apart by number only. Takes free ports. Error: there is no free port.
Result<std::vector<std::vector<std::string>>> rank_variables(const Distribution& distribution);

}  // namespace mlpipe
