#include "batch/worker_environment.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("a name that the environment has twice means its last value, for Python and for native workers") {
  ParallelJob job;
  job.environment = {"A=inherited", "B=1", "OMP_NUM_THREADS=4", "A=configured", "A_LONGER=2"};
  CHECK(python_environment(job) == std::vector<std::string>{"B=1", "OMP_NUM_THREADS=4", "A=configured", "A_LONGER=2", "AZUREML_NODE_COUNT=1",
                                                            "MKL_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"});
  CHECK(scoring_environment(job) == std::vector<std::string>{"B=1", "A=configured", "A_LONGER=2", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1",
                                                             "OPENBLAS_NUM_THREADS=1"});
}
