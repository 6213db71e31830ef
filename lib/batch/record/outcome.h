// How a parallel step gets on, and how it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "store/store.h"
#include "system/files.h"

namespace mlpipe {

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
  std::string last_words;   // the end of what that worker wrote to stderr
  int signal = 0;           // that ended it
  bool out_of_memory = false;  // the kernel said so
  std::uint64_t peak_memory = 0;  // of it, bytes; 0: not known
  int workers = 0;          // that it was planned for
  Seconds starting{}, running{};  // sums of all workers: imports and init(); in run() itself
  Seconds handing{};              // ... with a mini-batch under way, but not in run()
  std::uint64_t resumed = 0;       // mini-batches found done in the journal
};

}  // namespace mlpipe
