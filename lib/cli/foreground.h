// What replay and debug share: which step, under which debugger, on the user's terminal.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/spec_arguments.h"
#include "pipeline/pipeline.h"
#include "run/rehearsal.h"
#include "store/store.h"

namespace mlpipe::cli {

// What a step is rehearsed with.
struct ForegroundSetting {
  Store store;
  Lock in_use;
  Pipeline pipeline;
  RunRequest run;
  RehearsalRequest request;
};

struct ForegroundArguments {
  std::optional<std::string> step, run;
  Place place;
  Changes changes;
  std::optional<long long> port, sample;
  bool pdb = false, gdb = false, shell = false, snapshot = false;

  void declare(Options& options);

  // The pipeline as it is now; with --run as it was then, but for the code: that is what is looked for mistakes. With --snapshot
  // that, too. Kind usage: two debuggers at once, a port that none is, no such run.
  Result<ForegroundSetting> setting() const;

 private:
  Result<RehearsalRequest> request() const;
  Result<RunRequest> run_request(const Changes& changes, std::optional<long long> items) const;
  Result<ForegroundSetting> setting_of_now(RehearsalRequest request) const;
  Result<ForegroundSetting> setting_of_then(RehearsalRequest request) const;
};

// Says what is to be known before, runs it, says what is to be known after, and returns its exit code, or 128 + the signal that
// ended it.
Result<int> perform_in_foreground(Rehearsal& rehearsal, const RehearsalRequest& request);

}  // namespace mlpipe::cli
