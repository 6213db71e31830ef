#include "cli/foreground.h"

#include <fmt/format.h>

#include <csignal>

#include "cli/chosen_run.h"
#include "cli/kept_run.h"
#include "cli/request_arguments.h"
#include "cli/streams.h"
#include "report/vscode.h"
#include "run/downloads.h"

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
  const bool on_request = status.code == 128 + SIGINT || status.code == 128 + SIGTERM || status.code == 128 + SIGHUP;
  const bool said = status.ok() || on_request || (status.signal == 0 && (status.code == 1 || request.debugger == Debugger::shell));
  if (!said) tell(fmt::format("{}  {}", request.step, describe(status)));
  return status.code;
}

}  // namespace

void ForegroundArguments::declare(Options& options) {
  options.positional("STEP", step, "the step", true);
  place.declare(options);
  options.flag("--pdb", pdb, "under Python's debugger, from its first line on");
  options.number("--debugpy", port, 1, "PORT", "wait for a debugger such as VS Code's to attach to this port");
  options.flag("--gdb", gdb, "under gdb");
  options.flag("--shell", shell, "a shell with its environment, where it would run");
  options.flag("--snapshot", snapshot, "on a private copy of the source directory, as a run does; of a --run the code of then");
  options.value("--run", run, "ID", "with the spec, the parameters and the data of this run, its id or the beginning of it (default: those of now)");
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

Result<RunRequest> ForegroundArguments::run_request(const Changes& all, std::optional<long long> items) const {
  RequestArguments arguments;
  arguments.step = step;
  arguments.sample = items;
  return arguments.request(all.uses);
}

Result<ForegroundSetting> ForegroundArguments::setting() const {
  MLPIPE_TRY(RehearsalRequest wanted, request());
  auto made = run ? setting_of_then(std::move(wanted)) : setting_of_now(std::move(wanted));
  if (made) MLPIPE_TRY_VOID(place_downloads(made->pipeline, made->store, Fetch::never));
  return made;
}

Result<ForegroundSetting> ForegroundArguments::setting_of_now(RehearsalRequest wanted) const {
  MLPIPE_TRY(RunRequest as_run, run_request(changes, sample));
  MLPIPE_TRY(const Path spec, place.spec());
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(spec, changes.overrides()));
  MLPIPE_TRY(Store store, place.open_store(Store::Access::read));
  MLPIPE_TRY(Lock in_use, store.in_use());
  return ForegroundSetting{std::move(store), std::move(in_use), std::move(pipeline), std::move(as_run), std::move(wanted)};
}

Result<ForegroundSetting> ForegroundArguments::setting_of_then(RehearsalRequest wanted) const {
  MLPIPE_TRY(const auto spec, place.spec_if_any());
  MLPIPE_TRY(Store store, place.open_store(snapshot ? Store::Access::write : Store::Access::read));
  MLPIPE_TRY(Lock in_use, store.in_use());
  MLPIPE_TRY(RunInfo then, choose_run(store, spec, run));
  KeptRun kept;
  if (snapshot) {
    MLPIPE_TRY(kept, kept_run(store, then));
  } else {
    MLPIPE_TRY(kept.spec, kept_spec(store, then.header.id));
  }
  const Changes all = changes_of(kept, changes);
  MLPIPE_TRY(RunRequest as_run, run_request(all, sample ? sample : sample_of(then)));
  spec::Overrides overrides = all.overrides();
  MLPIPE_TRY(overrides.snapshot, snapshot_of(store, kept));
  MLPIPE_TRY(Pipeline pipeline, load_pipeline(kept.spec.spec, overrides));
  wanted.then = std::move(then);
  return ForegroundSetting{std::move(store), std::move(in_use), std::move(pipeline), std::move(as_run), std::move(wanted)};
}

Result<int> perform_in_foreground(Rehearsal& rehearsal, const RehearsalRequest& request) {
  tell_before(rehearsal, request);
  MLPIPE_TRY(const RehearsalEnd end, perform(rehearsal, request.debugger));
  const int code = exit_code_of(end.status, request);
  if (!end.kept.empty()) tell(fmt::format("its outputs: {}", end.kept.string()));
  return code;
}

}  // namespace mlpipe::cli
