// ParallelRunStep, runner side: cuts the input into mini-batches, keeps workers busy and alive, writes each row exactly once.
// Lives inside the runner's event loop; everything it has to say goes through a listener.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stream_editor.h"
#include "pipeline/pipeline.h"
#include "reuse/tree.h"
#include "store/store.h"
#include "system/clock.h"
#include "system/event_loop.h"
#include "system/files.h"
#include "system/host.h"

namespace mlpipe {

// Everything resolved: no expression, no relative path. Owned by the caller for as long as the step lives.
struct ParallelJob {
  struct Input {
    std::string name;
    DataType type = DataType::folder;
    Path path;            // absolute
    std::shared_ptr<const Tree> tree;  // what is split: exactly the files that the step's fingerprint was made of
    TableFormat table;    // of files only its partition_format
  };

  std::string step;
  ParallelRunConfig config;
  Path model;                           // of a model step; empty: entry script
  std::vector<Input> inputs;            // those that are split, each on its own
  struct Place {
    std::string name;
    Path path;
  };
  std::vector<Place> side_inputs;       // given whole to every worker
  std::vector<Place> outputs;           // all that are declared
  std::vector<std::string> arguments;   // the user's, resolved
  std::vector<std::string> environment; // the whole of it, "NAME=value"; MLPIPE_RUN_TOKEN included
  std::string python = "python3";       // interpreter of the workers: a path, or a name on the environment's PATH
  Path code;                            // private copy of the source directory; empty: none
  Path source;                          // the real one, for tracebacks shown to people
  Path output;                          // folder that the rows' file goes to; empty: no output declared (summary_only)
  Path scratch;                         // exists, empty; workers get folders below; removed by the caller
  Path state;                           // plan, journal and rows; outlives the run, so that the next one goes on
  Path logs;                            // exists
  // For everything that is shown, logged or recorded: secrets to "***", the private copy's path to the source's.
  std::vector<StreamEditor::Replacement> replacements;
  int workers = 1;
  std::optional<std::uint64_t> sample;  // only the first N items
  std::function<std::uint64_t()> oom_kills = mlpipe::oom_kills;  // system/host.h; tests have their own
};

struct ParallelProgress {
  std::uint64_t mini_batches = 0, done = 0, failed = 0;  // mini-batches; resumed ones are done
  std::uint64_t items = 0, items_done = 0, items_failed = 0;
  int workers = 0;  // alive
  std::optional<Seconds> remaining{};  // estimated, once there is something to go by
};

// Why a parallel step failed, with the root cause first.
struct ParallelOutcome {
  Status status;            // kinds threshold, step_failed, timeout, store; interrupted when it was stopped
  ScoreCounts counts;
  std::string cause;        // of the first failure: exception line, signal or time limit
  std::string traceback;    // mapped to the source directory; may be empty
  std::optional<std::uint64_t> mini_batch;
  std::vector<std::string> items;  // the first few of it
  Path log;                 // the worker's stderr, or the file with the traceback
  std::uint64_t resumed = 0;       // mini-batches found done in the journal
};

class ParallelListener {
 public:
  virtual ~ParallelListener() = default;
  // What a worker printed, for the terminal; it has been logged already. `worker`: "process000".
  virtual void on_output(const std::string& worker, bool is_stderr, std::string_view text) = 0;
  virtual void on_progress(const ParallelProgress& progress) = 0;  // after each change; the listener slows it down
  virtual void on_notice(const std::string& message, const std::string& hint) = 0;
  // Once, last. Every worker is gone by then. The step may be destroyed from here only by posting to the loop.
  virtual void on_finished(ParallelOutcome outcome) = 0;
};

class WorkerLauncher;

class ParallelStep {
 public:
  ParallelStep(EventLoop& loop, const Clock& clock, ParallelJob job, ParallelListener& listener);
  // With workers of another kind than the configuration asks for (tests).
  ParallelStep(EventLoop& loop, const Clock& clock, ParallelJob job, ParallelListener& listener, std::unique_ptr<WorkerLauncher> launcher);
  ~ParallelStep();  // kills what still runs

  // Plans (or recovers the plan and the journal), then starts workers. An error: nothing was started, on_finished will not come.
  Status start();
  // No new mini-batch is handed out; those in flight are finished and recorded; then on_finished with kind `reason`.
  void stop(ErrorKind reason);
  // The same, but workers are killed at once.
  void kill(ErrorKind reason);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlpipe
