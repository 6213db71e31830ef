// The life of a native worker: mini-batches in from its socket (worker/protocol.h), through the scoring module, rows out.
#pragma once

#include "scoring/module.h"

namespace mlpipe {

struct OpenScorer {
  const mlpipe_scoring_module* module = nullptr;
  mlpipe_scorer* scorer = nullptr;
};

// Until stop, or EOF on the socket (the runner is gone). Returns the exit code; the caller ends with _exit.
int native_worker_main(int socket, const OpenScorer& scorer);

}  // namespace mlpipe
