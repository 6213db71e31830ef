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

ScoringConfiguration with_noted_size(ScoringConfiguration configuration, const Path& file) {
  if (batch_size_of(configuration.scoring)) return configuration;
  const auto noted = read_file(file);
  if (const auto size = noted ? parse_integer(trim(*noted)) : std::nullopt; size && *size > 0) configuration.scoring.batch_size = static_cast<int>(*size);
  return configuration;
}

Status note_batch_size(const Path& file, const ModelFacts& facts) {
  if (!facts.measured) return {};
  return write_file(file, std::to_string(facts.batch_size), Durability::synced);
}

// Called again when a second server takes the place of one that died.
std::function<Status(const std::string&)> reader_of_facts(const ParallelJob& job, LauncherNotice notice) {
  return [file = batch_size_file(job), notice = std::move(notice), told = false](const std::string& text) mutable -> Status {
    MLPIPE_TRY(const ModelFacts facts, model_facts_from_json(text));
    if (!std::exchange(told, true))
      for (const std::string& note : facts.notes) notice(note, "");
    return note_batch_size(file, facts);
  };
}

Result<ForkServer> scoring_server(const ParallelJob& job, const Result<ScoringPrograms>& programs, LauncherNotice notice) {
  if (!programs) return programs.error();
  return ForkServer{programs->server,
                    [module = programs->module.string(), asked = ScoringConfiguration{job.model.string(), job.labels.string(), job.config.scoring},
                     file = batch_size_file(job)] { return server_wire::Open{module, to_json(with_noted_size(asked, file))}; },
                    scoring_environment(job),
                    job.logs / "scoring_server.txt",
                    "the scoring server",
                    "loading the model",
                    0,
                    reader_of_facts(job, std::move(notice))};
}

}  // namespace

ScoringConfiguration scoring_configuration(const ParallelJob& job) {
  return with_noted_size({job.model.string(), job.labels.string(), job.config.scoring}, batch_size_file(job));
}

Result<Path> scoring_module() {
  if (auto module = find_module("mlpipe_torch.so")) return std::move(*module);
  return Error{ErrorKind::step_failed, "the scoring module mlpipe_torch.so was not found", "build mlpipe with -DMLPIPE_TORCH=ON, or score with an entry_script"};
}

std::unique_ptr<WorkerLauncher> make_scoring_launcher(EventLoop& loop, const ParallelJob& job, LauncherNotice notice) {
  return make_scoring_launcher(loop, job, installed_programs(), std::move(notice));
}

std::unique_ptr<WorkerLauncher> make_scoring_launcher(EventLoop& loop, const ParallelJob& job, const Result<ScoringPrograms>& programs,
                                                      LauncherNotice notice) {
  return std::make_unique<ForkLauncher>(loop, job.scratch, scoring_server(job, programs, std::move(notice)));
}

}  // namespace mlpipe
