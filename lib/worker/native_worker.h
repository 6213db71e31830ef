// The life of a native worker: mini-batches in from its socket (worker/protocol.h), through the scoring module, rows out.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/result.h"
#include "scoring/module.h"
#include "worker/protocol.h"

namespace mlpipe {

struct OpenScorer {
  const mlpipe_scoring_module* module = nullptr;
  mlpipe_scorer* scorer = nullptr;
};

// A model that each worker opens for itself when it is told to begin: a GPU cannot be used on both sides of a fork.
struct UnopenedScorer {
  std::string module, configuration;
};

// What the environment of a process that opens a module must say. One thread whatever else it says: a second one, started by whatever BLAS
// LibTorch brings, would forbid forking. Packages of AOTInductor check the shapes that they are given.
inline constexpr std::pair<const char*, const char*> scoring_variables[] = {{"OMP_NUM_THREADS", "1"},
                                                                            {"MKL_NUM_THREADS", "1"},
                                                                            {"OPENBLAS_NUM_THREADS", "1"},
                                                                            {"JE_ARROW_MALLOC_CONF", "background_thread:false"},
                                                                            {"AOTI_RUNTIME_CHECK_INPUTS", "1"}};
// What it should say of malloc, unless it says something itself. What a forward pass allocates is given back and taken again: without
// this each time from the kernel, page by page. ResNet-18 in batches of 8: 14 % more images, and 90 ms less to the first.
inline constexpr std::pair<const char*, const char*> scoring_malloc{
    "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824"};

// Opens a scoring module and has it load the model that the configuration (scoring/configuration.h) names.
Result<OpenScorer> open_scorer(const std::string& module, const std::string& configuration);
// A MiniBatchResult, or a MiniBatchFailed.
wire::FromWorker score(const OpenScorer& scorer, const wire::MiniBatch& batch);

// Until stop, or EOF on the socket (the runner is gone). Returns the exit code; the caller ends with _exit.
int native_worker_main(int socket, const std::variant<OpenScorer, UnopenedScorer>& scorer);

}  // namespace mlpipe
