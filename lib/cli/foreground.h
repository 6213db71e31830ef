// What replay and debug share: which step, under which debugger, on the user's terminal.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/spec_arguments.h"
#include "run/rehearsal.h"

namespace mlpipe::cli {

struct ForegroundArguments {
  std::optional<std::string> step;
  Place place;
  Changes changes;
  std::optional<long long> port, sample;
  bool pdb = false, gdb = false, shell = false, snapshot = false;

  void declare(Options& options);

  // Kind usage: two debuggers at once, a port that none is.
  Result<RehearsalRequest> request() const;
  Result<RunRequest> run_request() const;
};

// Says what is to be known before, runs it, says what is to be known after, and returns the exit code: that of a shell as it
// is, else 0, 1 or 128 + the signal that ended it by Ctrl-C or on request.
Result<int> perform_in_foreground(Rehearsal& rehearsal, const RehearsalRequest& request);

}  // namespace mlpipe::cli
