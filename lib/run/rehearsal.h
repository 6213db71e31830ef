// A step set up for the foreground, outside any run: with the arguments, environment and data that a run would give it, on its
// real source directory, in a temporary folder of its own. The store is only read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"
#include "run/description.h"
#include "run/events.h"
#include "run/request.h"
#include "store/run_record.h"
#include "store/store.h"
#include "system/process.h"
#include "system/temporary_folder.h"

namespace mlpipe {

enum class Debugger { none, pdb, debugpy, gdb, shell };

struct RehearsalRequest {
  std::string step;
  Debugger debugger = Debugger::none;
  int port = 0;           // of debugpy
  bool snapshot = false;  // on a private copy of the source directory
  std::optional<RunInfo> then{};  // the run whose data it gets; nothing: what a run would give it now
};

// Which mini-batch of a parallel step, and which of its items.
struct MiniBatchRequest {
  std::uint64_t number = 0;
  std::optional<std::string> item;  // its number in the mini-batch, its file name or its path; nothing: all
};

struct Rehearsal {
  TemporaryFolder folder;      // outputs/ in it is where outputs go
  StepDescription description;
  Path code;                   // where the step's code is: the source directory, or its copy
  Path source;                 // what people know it as; empty: the step has none
  std::string token;           // marks the processes that it starts
  ProcessSpec command;         // environment and folder for now; ready to run in the end
  std::vector<Notice> notices;
  bool lacks_insights = false;  // run/step_telemetry.h
};

// Mini-batch `what` of a parallel step, ready to run. Kind usage: the step is no parallel one, the number is out of range (the
// message says how many there are), no result to read from, or the debugger does not fit.
Result<Rehearsal> rehearse_mini_batch(const Pipeline& pipeline, const Store& store, const RunRequest& run, const RehearsalRequest& request,
                                      const MiniBatchRequest& what, const Clock& clock = Clock::real());
// The command or script of another step.
Result<Rehearsal> rehearse_command(const Pipeline& pipeline, const Store& store, const RunRequest& run, const RehearsalRequest& request,
                                   const Clock& clock = Clock::real());

// Runs it in the foreground to its end, and ends what it left behind. The temporary folder goes unless something was written
// in it: `kept` is where that lies, or empty.
struct RehearsalEnd {
  ExitStatus status;
  Path kept;
};
Result<RehearsalEnd> perform(Rehearsal& rehearsal, Debugger debugger);

}  // namespace mlpipe
