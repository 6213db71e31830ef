// The life of a native worker: mini-batches in from its socket (worker/protocol.h), through the scoring module, rows out.
#pragma once

#include <string>

#include "base/result.h"
#include "scoring/module.h"
#include "worker/protocol.h"

namespace mlpipe {

struct OpenScorer {
  const mlpipe_scoring_module* module = nullptr;
  mlpipe_scorer* scorer = nullptr;
};

// Opens a scoring module and has it load the model that the configuration (scoring/configuration.h) names.
Result<OpenScorer> open_scorer(const std::string& module, const std::string& configuration);
// A MiniBatchResult, or a MiniBatchFailed.
wire::FromWorker score(const OpenScorer& scorer, const wire::MiniBatch& batch);

// Until stop, or EOF on the socket (the runner is gone). Returns the exit code; the caller ends with _exit.
int native_worker_main(int socket, const OpenScorer& scorer);

}  // namespace mlpipe
