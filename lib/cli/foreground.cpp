#include "cli/foreground.h"

#include <fmt/format.h>

#include <csignal>

#include "cli/request_arguments.h"
#include "cli/streams.h"
#include "report/vscode.h"

namespace mlpipe::cli {
namespace {

void tell_before(const Rehearsal& rehearsal, const RehearsalRequest& request) {
  for (const Notice& notice : rehearsal.notices) {
    tell(fmt::format("{}  {}", notice.step, notice.message));
    if (!notice.hint.empty()) tell(fmt::format("  {}", notice.hint));
  }
  if (request.debugger != Debugger::debugpy) return;
  tell("the configuration for VS Code's launch.json (`mlpipe init --vscode` writes it):");
  tell(attach_configuration({request.step, rehearsal.source, rehearsal.code, request.port}));
}

// A failure that Python or a debugger has shown needs no more words; another one does.
int exit_code_of(const ExitStatus& status, const RehearsalRequest& request) {
  if (request.debugger == Debugger::shell && status.signal == 0) return status.code;
  if (status.ok()) return 0;
  if (status.code == 128 + SIGINT || status.code == 128 + SIGTERM) return status.code;
  if (status.signal != 0 || status.code != 1) tell(fmt::format("{}  {}", request.step, describe(status)));
  return 1;
}

}  // namespace

void ForegroundArguments::declare(Options& options) {
  options.positional("STEP", step, "the step", true);
  place.declare(options);
  options.flag("--pdb", pdb, "under Python's debugger, from its first line on");
  options.number("--debugpy", port, 1, "PORT", "wait for a debugger such as VS Code's to attach to this port");
  options.flag("--gdb", gdb, "under gdb");
  options.flag("--shell", shell, "a shell with its environment, where it would run");
  options.flag("--snapshot", snapshot, "on a private copy of the source directory, as a run does");
  options.number("--sample", sample, 1, "N", "as a run of the first N items of each parallel step");
  changes.declare(options);
}

Result<RehearsalRequest> ForegroundArguments::request() const {
  if (pdb + gdb + shell + port.has_value() > 1)
    return Error{ErrorKind::usage, "--pdb, --debugpy, --gdb and --shell exclude each other", "give one of them"};
  if (port && *port > 65535) return Error{ErrorKind::usage, fmt::format("--debugpy {} is no port", *port), "for example 5678"};
  const Debugger debugger = pdb ? Debugger::pdb : port ? Debugger::debugpy : gdb ? Debugger::gdb : shell ? Debugger::shell : Debugger::none;
  return RehearsalRequest{*step, debugger, static_cast<int>(port.value_or(0)), snapshot};
}

Result<RunRequest> ForegroundArguments::run_request() const {
  RequestArguments arguments;
  arguments.step = step;
  arguments.sample = sample;
  return arguments.request(changes.uses);
}

Result<int> perform_in_foreground(Rehearsal& rehearsal, const RehearsalRequest& request) {
  tell_before(rehearsal, request);
  MLPIPE_TRY(const RehearsalEnd end, perform(rehearsal, request.debugger));
  const int code = exit_code_of(end.status, request);
  if (!end.kept.empty()) tell(fmt::format("its outputs: {}", end.kept.string()));
  return code;
}

}  // namespace mlpipe::cli
