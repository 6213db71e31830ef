#include "batch/workers/scoring_launcher.h"

#include "batch/workers/fork_launcher.h"
#include "batch/workers/worker_environment.h"
#include "base/text.h"
#include "scoring/model_facts.h"
#include "system/host.h"
#include "worker/scoring_server.h"

namespace mlpipe {
namespace {

Result<ScoringPrograms> installed_programs() {
  MLPIPE_TRY(Path module, scoring_module());
  return ScoringPrograms{{executable_path().string(), scoring_server_command}, std::move(module)};
}

// The batch size that a measurement has found: rows of one step are all made with the same, also when another run goes on.
Path batch_size_file(const ParallelJob& job) { return job.state / "batch_size"; }

Status note_batch_size(const Path& file, const std::string& text) {
  MLPIPE_TRY(const ModelFacts facts, model_facts_from_json(text));
  if (!facts.measured) return {};
  return write_file(file, std::to_string(facts.batch_size), Durability::synced);
}

Result<ForkServer> scoring_server(const ParallelJob& job, const Result<ScoringPrograms>& programs) {
  if (!programs) return programs.error();
  return ForkServer{programs->server,
                    {programs->module.string(), to_json(scoring_configuration(job))},
                    scoring_environment(job),
                    job.logs / "scoring_server.txt",
                    "the scoring server",
                    "loading the model",
                    0,
                    [file = batch_size_file(job)](const std::string& facts) { return note_batch_size(file, facts); }};
}

}  // namespace

ScoringConfiguration scoring_configuration(const ParallelJob& job) {
  ScoringConfiguration configuration{job.model.string(), job.labels.string(), job.config.scoring};
  if (batch_size_of(configuration.scoring)) return configuration;
  const auto noted = read_file(batch_size_file(job));
  if (const auto size = noted ? parse_integer(trim(*noted)) : std::nullopt; size && *size > 0) configuration.scoring.batch_size = static_cast<int>(*size);
  return configuration;
}

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
