// What a user asked `run` (or `plan`) to do with a pipeline.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/trace_context.h"
#include "system/files.h"

namespace mlpipe {

struct RunRequest {
  std::optional<std::string> step, from, until;  // at most one of them
  std::map<std::string, Path> use;               // step -> folder that stands in for its outputs (absolute)
  std::optional<std::uint64_t> sample;           // first N items of each parallel step
  int jobs = 0;                                  // 0: cores
  bool force = false;
  bool verify = false;  // every file is read, whatever is known of it
  bool fresh = false;   // what unfinished attempts of parallel steps left is not continued
  bool no_cap = false;  // as many workers as the configuration asks for, whatever the cores
  std::vector<std::string> force_steps;
  std::vector<Path> cache_from;                  // stores of others, to take results from
  std::optional<TraceContext> trace;             // the run's span, when it is traced: steps find theirs, child_of(*trace, STEP), in TRACEPARENT
  std::string rerun_of;                          // the recorded run whose spec and code this is; empty: none
  std::vector<std::string> command_line;         // recorded with the run
};

}  // namespace mlpipe
