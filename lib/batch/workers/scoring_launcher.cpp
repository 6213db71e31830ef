#include "batch/workers/scoring_launcher.h"

#include "batch/workers/fork_launcher.h"
#include "batch/workers/worker_environment.h"
#include "scoring/configuration.h"
#include "system/host.h"
#include "worker/scoring_server.h"

namespace mlpipe {
namespace {

Result<ScoringPrograms> installed_programs() {
  MLPIPE_TRY(Path module, scoring_module());
  return ScoringPrograms{{executable_path().string(), scoring_server_command}, std::move(module)};
}

Result<ForkServer> scoring_server(const ParallelJob& job, const Result<ScoringPrograms>& programs) {
  if (!programs) return programs.error();
  const auto configuration = to_json(ScoringConfiguration{job.model.string(), job.config.scoring});
  return ForkServer{programs->server, {programs->module.string(), configuration}, scoring_environment(job), job.logs / "scoring_server.txt",
                    "the scoring server", "loading the model", 0};
}

}  // namespace

Result<Path> scoring_module() {
  if (auto module = find_module("mlpipe_torch.so")) return std::move(*module);
  return Error{ErrorKind::step_failed, "the scoring module mlpipe_torch.so was not found", "build mlpipe with -DMLPIPE_TORCH=ON, or score with an entry_script"};
}

std::unique_ptr<WorkerLauncher> make_scoring_launcher(EventLoop& loop, const ParallelJob& job) {
  return make_scoring_launcher(loop, job, installed_programs());
}

std::unique_ptr<WorkerLauncher> make_scoring_launcher(EventLoop& loop, const ParallelJob& job, const Result<ScoringPrograms>& programs) {
  return std::make_unique<ForkLauncher>(loop, job.scratch, scoring_server(job, programs));
}

}  // namespace mlpipe
