// One mini-batch of a parallel step in the foreground: the frames that a worker of a run would get go into a file, and the
// worker's own code (worker/python/mlpipe_replay.py, worker/native_replay.h) works them off on the user's terminal.
#include <fmt/format.h>

#include "base/text.h"
#include "batch/plan/make_plan.h"
#include "batch/workers/frames.h"
#include "batch/workers/scoring_launcher.h"
#include "batch/workers/worker_environment.h"
#include "run/model_place.h"
#include "run/parallel_job.h"
#include "run/rehearsal_parts.h"
#include "scoring/configuration.h"
#include "system/host.h"
#include "worker/native_replay.h"
#include "worker/protocol.h"

namespace mlpipe {
namespace {

Error out_of_range(const std::string& step, std::uint64_t mini_batches) {
  return {ErrorKind::usage, fmt::format("{} has {}", step, plural(mini_batches, "mini-batch")),
          mini_batches == 0 ? "" : fmt::format("they count from 0: the last one is {}", mini_batches - 1)};
}

// A name is looked for before a number: files may be called "7".
Result<Slice> slice_of(const MiniBatchPlan& plan, const MiniBatchRequest& what) {
  if (!what.item) return Slice{};
  const auto paths = plan.item_names(what.number);
  if (!plan.divisible(what.number))
    return Error{ErrorKind::usage, fmt::format("the items of mini-batch {} belong together", what.number), "replay all of it"};
  for (const bool numbers : {false, true})
    for (std::uint32_t i = 0; i < paths.size(); ++i)
      if (numbers ? std::to_string(i) == *what.item : paths[i] == *what.item || Path(paths[i]).filename() == *what.item) return Slice{i, 1};
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(Path(path).filename().string());
  return Error{ErrorKind::usage, fmt::format("mini-batch {} has no item `{}`", what.number, *what.item), suggestion(*what.item, names)};
}

Result<Path> write_frames(const ParallelJob& job, const MiniBatchPlan& plan, const MiniBatchRequest& what, const Path& folder) {
  MLPIPE_TRY(const Slice slice, slice_of(plan, what));
  const Path file = folder / "frames";
  MLPIPE_TRY_VOID(write_file(file, init_frame(job, "process000") + mini_batch_frame(plan, what.number, 1, slice) +
                                       wire::encode(wire::ToWorker(wire::Stop{}))));
  return file;
}

Result<std::vector<std::string>> python_words(const ParallelJob& job, const Rehearsal& rehearsal, const RehearsalRequest& request,
                                              const Path& frames) {
  const auto harness = find_module("python/mlpipe_replay.py");
  if (!harness) return Error{ErrorKind::step_failed, "python/mlpipe_replay.py is missing beside mlpipe", "install mlpipe again"};
  std::vector<std::string> words{job.python, harness->string()};
  if (request.debugger == Debugger::pdb) words.push_back("--pdb");
  if (request.debugger == Debugger::debugpy) {
    MLPIPE_TRY_VOID(check_debugpy(job.python, rehearsal.command.environment));
    words.insert(words.begin() + 1, frozen_modules_off);
    words.insert(words.end(), {"--debugpy", std::to_string(request.port)});
  }
  if (request.snapshot) words.insert(words.end(), {"--copy", rehearsal.code.string(), rehearsal.source.string()});
  words.push_back(frames.string());
  return words;
}

Result<std::vector<std::string>> native_words(const ParallelJob& job, const Rehearsal& rehearsal, const RehearsalRequest& request,
                                              const Path& frames) {
  if (request.debugger == Debugger::pdb || request.debugger == Debugger::debugpy)
    return Error{ErrorKind::usage, fmt::format("{} scores a model without Python", job.step), "--gdb debugs its worker"};
  MLPIPE_TRY(const Path module, scoring_module());
  const Path configuration = rehearsal.folder.path() / "work/scoring.json";
  MLPIPE_TRY_VOID(write_file(configuration, to_json(scoring_configuration(job))));
  return std::vector<std::string>{executable_path().string(), native_replay_command, module.string(), configuration.string(),
                                  frames.string()};
}

Status choose_program(Rehearsal& rehearsal, const RehearsalRequest& request, std::vector<std::string> words) {
  ProcessSpec& command = rehearsal.command;
  if (request.debugger == Debugger::gdb) {
    MLPIPE_TRY(const std::string gdb, gdb_program(command.environment));
    const auto debugger = gdb_words(gdb);
    words.insert(words.begin(), debugger.begin(), debugger.end());
  }
  if (request.debugger == Debugger::shell) {
    rehearsal.notices.push_back(shell_notice(request.step, words));
    words = shell_words(command.environment);
  }
  command.argv = std::move(words);
  return {};
}

Notice announcement(const std::string& step, const MiniBatchPlan& plan, const MiniBatchRequest& what) {
  const std::uint32_t count = plan.items_of(what.number);
  const std::string items = what.item ? fmt::format("item {} of {}", *what.item, count) : plural(count, "item");
  return {step, fmt::format("mini-batch {} of {} (from 0): {}", what.number, plan.mini_batches(), items), ""};
}

}  // namespace

Result<Rehearsal> rehearse_mini_batch(const Pipeline& pipeline, const Store& store, const RunRequest& run, const RehearsalRequest& request,
                                      const MiniBatchRequest& what, const Clock& clock) {
  const Step* const step = pipeline.step(request.step);
  if (step && !step->parallel())
    return Error{ErrorKind::usage, fmt::format("{} is no parallel step", step->name), fmt::format("mlpipe debug {}", step->name)};
  MLPIPE_TRY(Rehearsal rehearsal, set_up(pipeline, store, run, request, clock));
  const Path work = rehearsal.folder.path() / "work", scratch = work / "process000";
  MLPIPE_TRY(ParallelJob job, parallel_job(pipeline, *step, rehearsal.description, rehearsal.command.environment,
                                           {rehearsal.code, scratch, work / "state", work / "logs"}));
  job.sample = run.sample;
  for (const Path& folder : {job.scratch, job.state, job.logs}) MLPIPE_TRY_VOID(make_dirs(folder));
  if (job.config.model) {
    MLPIPE_TRY(job.model, place_of_model(work / "models", job.model, job.config.scoring.device));
  }
  MLPIPE_TRY(const MiniBatchPlan plan, plan_of(job));
  if (what.number >= plan.mini_batches()) return out_of_range(step->name, plan.mini_batches());
  MLPIPE_TRY(const Path frames, write_frames(job, plan, what, work));
  const bool native = step->parallel()->config.model.has_value();
  rehearsal.command.cwd = scratch;
  rehearsal.command.environment = native ? scoring_environment(job) : python_environment(job, 0);
  MLPIPE_TRY(auto words, native ? native_words(job, rehearsal, request, frames) : python_words(job, rehearsal, request, frames));
  rehearsal.notices.push_back(announcement(step->name, plan, what));
  MLPIPE_TRY_VOID(choose_program(rehearsal, request, std::move(words)));
  return rehearsal;
}

}  // namespace mlpipe
