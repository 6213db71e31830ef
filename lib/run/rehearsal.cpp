#include "run/rehearsal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/shell_words.h"
#include "base/text.h"
#include "pipeline/graph.h"
#include "run/command_run.h"
#include "run/foreground_insights.h"
#include "run/ingredients_of.h"
#include "run/rehearsal_parts.h"
#include "run/selection.h"
#include "run/source_copy.h"
#include "run/step_telemetry.h"
#include "run/tracking.h"
#include "run/workspace.h"
#include "system/host.h"
#include "system/process.h"

namespace mlpipe {
namespace {

// Stands for a run's id where a step asks for one.
constexpr const char* no_run = "rehearsal";

// A command's own `python` is led through a folder that is first on its PATH.
Status put_in_front(ProcessSpec& command, const Path& folder, const std::vector<std::string>& python, const std::string& version) {
  MLPIPE_TRY_VOID(make_dirs(folder));
  for (const std::string& name : {std::string("python"), std::string("python3"), "python" + version}) MLPIPE_TRY_VOID(write_program(folder / name, python));
  const std::string path = fmt::format("PATH={}:{}", folder.string(), environment_value(command.environment, "PATH").value_or(""));
  command.environment = with_variables(std::move(command.environment), {path});
  return {};
}

bool is_program(const std::string& word, const ProcessSpec& command) {
  if (word.find('/') != std::string::npos) return is_file(command.cwd / word);
  return find_program(word, environment_value(command.environment, "PATH").value_or("")).has_value();
}

// A script's words, or those of the shell that runs the command, under what was asked for.
Status debug_python(const Step& step, const RehearsalRequest& request, Rehearsal& rehearsal) {
  ProcessSpec& command = rehearsal.command;
  const PythonEnvironment& python = *rehearsal.description.python;
  if (python.interpreter.empty()) return Error{ErrorKind::step_failed, "there is no Python interpreter on PATH", "install python3, or name one: `environment: {python: ...}`"};
  MLPIPE_TRY(auto words, debugged_python(python.interpreter.string(), request, command.environment));
  if (std::holds_alternative<Script>(step.action)) {
    command.argv.erase(command.argv.begin());
    command.argv.insert(command.argv.begin(), words.begin(), words.end());
    return {};
  }
  const Path shims = rehearsal.folder.path() / "work/debugged";
  words.insert(words.end(), {"--shims", shims.string()});
  command.argv.back() = "trap : INT\n" + command.argv.back();  // Ctrl-C is the debugger's; a shell that got it would end as if it had not been
  rehearsal.notices.push_back({step.name, "each `python` of its command starts under the debugger", ""});
  return put_in_front(command, shims, words, python.version);
}

// Of a shell command the program that it starts is meant, not the shell.
Status debug_native(const Step& step, Rehearsal& rehearsal) {
  ProcessSpec& command = rehearsal.command;
  MLPIPE_TRY(const std::string gdb, gdb_program(command.environment));
  std::vector<std::string> words = gdb_words(gdb);
  if (std::holds_alternative<Command>(step.action)) {
    const auto plain = plain_shell_words(command.argv.back());
    const bool without_shell = plain && is_program(plain->front(), command);
    if (without_shell) command.argv = *plain;
    else words.insert(words.end() - 1, {"-iex", "set breakpoint pending on", "-iex", "set follow-fork-mode child"});
    if (!without_shell) rehearsal.notices.push_back({step.name, "gdb goes into the first program that its command starts", "`break` may name what that has"});
  }
  command.argv.insert(command.argv.begin(), words.begin(), words.end());
  return {};
}

// What scripts track goes with the temporary folder: led nowhere, mlflow would write into the folder that they run in, the source.
Result<std::vector<std::string>> environment_of(const Step& step, const StepDescription& description, const Bindings& bindings, const Path& work,
                                                const std::string& pipeline, const std::string& token, WallTime now) {
  MLPIPE_TRY(std::vector<std::string> environment, step_environment(step, description, bindings, work / "python", no_run, token));
  if (!depends_on_python(step)) return environment;
  RunHeader header;
  header.id = no_run;
  header.pipeline = pipeline;
  header.started = now;
  MLPIPE_TRY(const auto variables, Tracking(work / "tracking").variables(header, step, environment));
  return with_variables(std::move(environment), variables);
}

}  // namespace

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
  MLPIPE_TRY(StepDescription description, describe_alone(pipeline, store, run, *step, request.then, clock, notices));
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
  MLPIPE_TRY(command.environment, environment_of(*step, description, bindings, work, pipeline.name, token, clock.wall()));
  command.cwd = in_place ? step->source_directory : workspace.code();
  Path code = command.cwd;
  const Path& source = step->source_place.empty() ? step->source_directory : step->source_place;
  const bool insights = lacks_insights(*step, description, command.environment);
  return Rehearsal{std::move(folder), std::move(description), std::move(code), source, std::move(token), std::move(command), std::move(notices), insights};
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

std::vector<std::string> gdb_words(const std::string& gdb) { return {gdb, "-q", "--return-child-result", "--args"}; }

Result<std::vector<std::string>> debugged_python(const std::string& python, const RehearsalRequest& request, const std::vector<std::string>& environment) {
  const auto harness = find_module("python/mlpipe_debug.py");
  if (!harness) return Error{ErrorKind::step_failed, "python/mlpipe_debug.py is missing beside mlpipe", "install mlpipe again"};
  if (request.debugger == Debugger::pdb) return std::vector<std::string>{python, harness->string(), "--pdb"};
  MLPIPE_TRY_VOID(check_debugpy(python, environment));
  return std::vector<std::string>{python, frozen_modules_off, harness->string(), "--debugpy", std::to_string(request.port)};
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
  ProcessSpec& command = rehearsal.command;
  MLPIPE_TRY(command.argv, command_words(step, rehearsal.description));
  switch (request.debugger) {
    case Debugger::none: break;
    case Debugger::pdb:
    case Debugger::debugpy: MLPIPE_TRY_VOID(debug_python(step, request, rehearsal)); break;
    case Debugger::gdb: MLPIPE_TRY_VOID(debug_native(step, rehearsal)); break;
    case Debugger::shell:
      rehearsal.notices.push_back(shell_notice(step.name, command.argv));
      command.argv = shell_words(command.environment);
  }
  return rehearsal;
}

Result<RehearsalEnd> perform(Rehearsal& rehearsal, Debugger debugger) {
  const auto insights = rehearsal.lacks_insights ? ForegroundInsights::open() : nullptr;
  const auto variables = insights ? insights->variables(rehearsal.command.environment) : std::vector<std::string>();
  rehearsal.command.environment = with_variables(std::move(rehearsal.command.environment), variables);
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
