#include "batch/workers/worker_environment.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"
#include "worker/native_worker.h"

using namespace mlpipe;

TEST_CASE("a name that the environment has twice means its last value, for Python and for native workers") {
  ParallelJob job;
  job.environment = {"A=inherited", "B=1", "OMP_NUM_THREADS=4", "A=configured", "A_LONGER=2", "GLIBC_TUNABLES=mine"};
  CHECK(python_environment(job) == std::vector<std::string>{"B=1", "OMP_NUM_THREADS=4", "A=configured", "A_LONGER=2", "GLIBC_TUNABLES=mine", "AZUREML_NODE_COUNT=1",
                                                            "AZ_BATCHAI_GPU_COUNT_FOUND=" + std::to_string(gpus_of({}).size()), "MKL_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"});
  CHECK(scoring_environment(job) == std::vector<std::string>{"B=1", "A=configured", "A_LONGER=2", "GLIBC_TUNABLES=mine", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1",
                                                             "OPENBLAS_NUM_THREADS=1", "JE_ARROW_MALLOC_CONF=background_thread:false",
                                                             "AOTI_RUNTIME_CHECK_INPUTS=1"});
}

namespace {

std::string value_of(const std::vector<std::string>& environment, const std::string& name) {
  for (const auto& entry : environment)
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  return "(not set)";
}

}  // namespace

TEST_CASE("workers of a model keep the memory that a pass gave back, unless the environment says something of malloc") {
  CHECK(value_of(scoring_environment({}), "GLIBC_TUNABLES") == scoring_malloc.second);
}

TEST_CASE("each worker sees one GPU, and those beyond their number none") {
  ParallelJob job;
  job.environment = {"CUDA_VISIBLE_DEVICES=3, GPU-5"};
  CHECK(value_of(python_environment(job), "AZ_BATCHAI_GPU_COUNT_FOUND") == "2");
  CHECK(value_of(python_environment(job, 0), "CUDA_VISIBLE_DEVICES") == "3");
  CHECK(value_of(python_environment(job, 1), "CUDA_VISIBLE_DEVICES") == "GPU-5");
  CHECK(value_of(python_environment(job, 2), "CUDA_VISIBLE_DEVICES").empty());
  job.config.environment_variables["CUDA_VISIBLE_DEVICES"] = "3, GPU-5";
  CHECK(value_of(python_environment(job, 2), "CUDA_VISIBLE_DEVICES") == "3, GPU-5");
  CHECK(gpus_of({"CUDA_VISIBLE_DEVICES="}).empty());
  CHECK(gpus_of({"CUDA_VISIBLE_DEVICES=-1"}).empty());
}

TEST_CASE("workers find the step's data, run and model in their environment") {
  test::TempFolder folder;
  folder.write("models/net.pt", "");
  ParallelJob job;
  job.step = "score";
  job.environment = {"MLPIPE_RUN_ID=r1", "taken=mine"};
  job.side_inputs = {{"model", folder / "models/net.pt"}, {"taken", "/t"}};
  job.outputs = {{"rows", "/out/rows"}};
  job.output = "/out/rows";
  const auto environment = python_environment(job, 4);
  CHECK(value_of(environment, "AZURE_ML_INPUT_model") == (folder / "models/net.pt").string());
  CHECK(value_of(environment, "AZUREML_MODEL_DIR") == (folder / "models").string());
  CHECK(value_of(environment, "AZURE_ML_INPUT_taken") == "/t");
  CHECK(value_of(environment, "taken") == "mine");
  CHECK(value_of(environment, "AZURE_ML_OUTPUT_rows") == "/out/rows");
  CHECK(value_of(environment, "AZUREML_BI_OUTPUT_PATH") == "/out/rows");
  CHECK(value_of(environment, "AZUREML_RUN_ID") == "r1_score");
  CHECK(value_of(environment, "MLPIPE_WORKER") == "process004");
}
