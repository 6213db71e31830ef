// What the command line, or the record of a run, changes of a spec.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "system/files.h"

namespace mlpipe::spec {

// What is taken instead of what lies on the disk: the spec, configuration and code of a recorded run.
struct Snapshot {
  std::map<std::string, std::string> texts;  // of files, by absolute path
  std::map<std::string, Path> sources;       // source directories, by step
};

// What the command line changes. A mistake in one is a Diagnostic whose file is the option ("--set score.x=1").
struct Overrides {
  std::vector<std::string> parameters;  // "epochs=30"
  std::vector<std::string> sets;        // "score.mini_batch_size=5": a step key, or a key of its parallel_run_config
  std::vector<std::string> inputs;      // "scans=PATH", relative to the working directory
  std::vector<std::string> uses;        // "STEP=DIR": such a step needs no code, command, model or inputs that exist
  Snapshot snapshot{};
  std::optional<std::string> config{};  // a mapping file of its own (reading/mapping.h)
  bool allow_download = false;          // data on the web may be fetched
  bool for_azure = false;               // what Azure would refuse is warned about
};

}  // namespace mlpipe::spec
