// Native workers: a fork server (worker/scoring_server.h) that has loaded the model. Its programs are parameters for tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "batch/workers/launcher.h"
#include "scoring/configuration.h"

namespace mlpipe {

// mlpipe_torch.so of this installation.
Result<Path> scoring_module();

// What the module is told. With the batch size that was measured when the rows of the step were begun.
ScoringConfiguration scoring_configuration(const ParallelJob& job);

struct ScoringPrograms {
  std::vector<std::string> server;  // argv of the fork server
  Path module;
};
std::unique_ptr<WorkerLauncher> make_scoring_launcher(EventLoop& loop, const ParallelJob& job, const Result<ScoringPrograms>& programs,
                                                      LauncherNotice notice);

}  // namespace mlpipe
