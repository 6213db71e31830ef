#include "run/rehearsal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "run/command_run.h"
#include "run/given.h"
#include "run/rehearsal_parts.h"
#include "run/source_copy.h"
#include "run/workspace.h"
#include "system/host.h"
#include "system/process.h"

namespace mlpipe {
namespace {

// Stands for a run's id where a step asks for one.
constexpr const char* no_run = "rehearsal";

// A debugger for the words of a script: `python script ...` becomes `python -m pdb script ...`.
void insert_module(std::vector<std::string>& words, const std::vector<std::string>& module) {
  words.insert(words.begin() + 1, module.begin(), module.end());
}

}  // namespace

Result<StepDescription> describe_alone(const Pipeline& pipeline, const Store& store, const RunRequest& run, const Step& step,
                                       const Clock& clock, std::vector<Notice>& notices) {
  const StepGraph graph(pipeline);
  MLPIPE_TRY(const Selection selection, select(pipeline, graph, run));
  Describer describer(pipeline, store, run, clock);
  MLPIPE_TRY(Given given, given_outputs(pipeline, store, run, selection, graph, describer, clock));
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const Step& other = pipeline.steps[i];
    if (selection.parts[i] != Part::use) continue;
    MLPIPE_TRY(auto outputs, describer.outputs_in(other, run.use.at(other.name)));
    given.outputs.emplace(other.name, std::move(outputs));
  }
  notices = std::move(given.notices);
  return describer.describe(step, given.outputs);
}

Result<Rehearsal> set_up(const Pipeline& pipeline, const Store& store, RunRequest run, const RehearsalRequest& request,
                         const Clock& clock) {
  run.step = request.step;
  std::vector<Notice> notices;
  const Step* const step = pipeline.step(request.step);
  if (!step) {
    const StepGraph graph(pipeline);
    return select(pipeline, graph, run).error();
  }
  MLPIPE_TRY_VOID(check_secrets(*step));
  MLPIPE_TRY(StepDescription description, describe_alone(pipeline, store, run, *step, clock, notices));
  MLPIPE_TRY(TemporaryFolder folder, TemporaryFolder::make(fmt::format("mlpipe-{}-", step->name)));
  const bool in_place = description.code && !request.snapshot;
  const Path work = folder.path() / "work";
  SpareWorkspaces none;
  MLPIPE_TRY(const Workspace workspace, Workspace::make(*step, work, folder.path() / "outputs", {}, none));
  if (description.code && !in_place) {
    MLPIPE_TRY(const bool unchanged, SourceCopy::at(workspace.code()).fill(step->source_directory, *description.code, {}));
    if (!unchanged) return Error{ErrorKind::step_failed, "its source changed while it was copied", "run it again when nothing writes to it"};
  }
  Bindings& bindings = description.bindings;
  bindings.run_id = no_run;
  for (const StepOutput& output : step->outputs) bindings.outputs[output.name] = workspace.output_place(output).string();
  std::string token = fmt::format("{}-{}-{}", no_run, ::getpid(), folder.path().filename().string());
  ProcessSpec command;
  MLPIPE_TRY(command.environment, step_environment(*step, description, bindings, work / "python", no_run, token));
  command.cwd = in_place ? step->source_directory : workspace.code();
  Path code = command.cwd;
  return Rehearsal{std::move(folder), std::move(description), std::move(code), step->source_directory, std::move(token), std::move(command),
                   std::move(notices)};
}

Result<std::string> gdb_program(const std::vector<std::string>& environment) {
  if (const auto found = find_program("gdb", environment_value(environment, "PATH").value_or(""))) return found->string();
  return Error{ErrorKind::step_failed, "gdb is not installed", "apt-get install gdb"};
}

Status check_debugpy(const std::string& python, const std::vector<std::string>& environment) {
  ProcessSpec spec;
  spec.argv = {python, "-c", "import debugpy"};
  spec.environment = environment;
  MLPIPE_TRY(Child child, Child::spawn(spec));
  if (child.reap().ok()) return {};
  return Error{ErrorKind::step_failed, fmt::format("debugpy is not installed for {}", shown_path(python)),
               fmt::format("{} -m pip install debugpy", shell_quote(python))};
}

std::vector<std::string> shell_words(const std::vector<std::string>& environment) {
  const std::string chosen = environment_value(environment, "SHELL").value_or("");
  return {chosen.empty() ? "/bin/sh" : chosen};
}

Notice shell_notice(const std::string& step, const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(shell_quote(word));
  return {step, "a shell with its environment, in the folder that it runs in; what would run is", join(quoted, " ")};
}

Result<Rehearsal> rehearse_command(const Pipeline& pipeline, const Store& store, const RunRequest& run, const RehearsalRequest& request,
                                   const Clock& clock) {
  const Step* const known = pipeline.step(request.step);
  if (known && known->parallel())
    return Error{ErrorKind::usage, fmt::format("{} is a parallel step", known->name),
                 fmt::format("mlpipe replay {} --mini-batch 0", known->name)};
  MLPIPE_TRY(Rehearsal rehearsal, set_up(pipeline, store, run, request, clock));
  const Step& step = *known;
  const bool python = request.debugger == Debugger::pdb || request.debugger == Debugger::debugpy;
  if (python && !std::holds_alternative<Script>(step.action))
    return Error{ErrorKind::usage, fmt::format("{} is a shell command: the debuggers of Python want a step with script_name", step.name),
                 "without them it runs as it is; a breakpoint() in its Python code works there"};
  ProcessSpec& command = rehearsal.command;
  MLPIPE_TRY(command.argv, command_words(step, rehearsal.description));
  if (request.debugger == Debugger::pdb) insert_module(command.argv, {"-m", "pdb"});
  if (request.debugger == Debugger::debugpy) {
    MLPIPE_TRY_VOID(check_debugpy(command.argv[0], command.environment));
    const std::string place = fmt::format("127.0.0.1:{}", request.port);
    insert_module(command.argv, {frozen_modules_off, "-m", "debugpy", "--listen", place, "--wait-for-client"});
  }
  if (request.debugger == Debugger::gdb) {
    MLPIPE_TRY(std::string gdb, gdb_program(command.environment));
    command.argv.insert(command.argv.begin(), {std::move(gdb), "--args"});
  }
  if (request.debugger == Debugger::shell) {
    rehearsal.notices.push_back(shell_notice(step.name, command.argv));
    command.argv = shell_words(command.environment);
  }
  return rehearsal;
}

Result<RehearsalEnd> perform(Rehearsal& rehearsal, Debugger debugger) {
  MLPIPE_TRY(const ExitStatus status, run_in_foreground(rehearsal.command));
  // debugpy's adapter outlives the script: it still has to tell its client that this was the end.
  if (debugger == Debugger::debugpy) wait_for_marked(rehearsal.token, std::chrono::seconds(5));
  // From a shell people start what shall live on, such as an editor.
  if (debugger != Debugger::shell) kill_marked(rehearsal.token);
  RehearsalEnd end{status, {}};
  if (const Path outputs = rehearsal.folder.path() / "outputs"; holds_a_file(outputs)) {
    rehearsal.folder.keep();
    end.kept = outputs;
    (void)remove_tree(rehearsal.folder.path() / "work");
  }
  return end;
}

}  // namespace mlpipe
