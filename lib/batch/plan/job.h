// What a parallel step is asked to do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/stream_editor.h"
#include "batch/plan/mltable_files.h"
#include "pipeline/mltable.h"
#include "pipeline/pipeline.h"
#include "reuse/tree.h"
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
    std::shared_ptr<const MLTable> mltable{};  // of DataType::mltable, which it says more about
    std::vector<DataBeyond> beyond{};          // that it names outside of its folder
  };

  std::string step;
  ParallelRunConfig config;
  Path model;                           // of a model step: the file, or the folder that a package was unpacked to; empty: entry script
  Path labels;                          // scoring.labels; empty: none
  std::vector<Input> inputs;            // those that are split, each on its own
  struct Place {
    std::string name;
    Path path;
  };
  std::vector<Place> side_inputs;       // given whole to every worker
  std::vector<Place> outputs;           // all that are declared
  std::vector<std::string> arguments;   // the user's, resolved
  std::vector<std::string> environment; // the whole of it, "NAME=value"; MLPIPE_RUN_TOKEN included
  // More, of a worker of its own ("process000"); may be empty.
  std::function<std::vector<std::string>(const std::string& worker)> variables_of;
  std::string python = "python3";       // interpreter of the workers: a path, or a name on the environment's PATH
  Path code;                            // private copy of the source directory; empty: none
  Path source;                          // the real one, for tracebacks shown to people
  Path output;                          // folder that the rows' file goes to; empty: no output declared (summary_only)
  Path scratch;                         // workers get folders below; removed by the caller
  Path state;                           // plan, journal and rows; outlives the run, so that the next one goes on
  Path logs;                            // exists
  // For everything that is shown, logged or recorded: secrets to "***", the private copy's path to the source's.
  std::vector<StreamEditor::Replacement> replacements;
  int workers = 1;
  std::optional<std::uint64_t> sample;  // only the first N items
  std::function<std::uint64_t()> oom_kills = mlpipe::oom_kills;  // system/host.h; tests have their own
};

// Whether its items are rows, not files.
inline bool is_table(const ParallelJob::Input& input) { return input.mltable ? input.mltable->is_table() : input.type == DataType::table; }

}  // namespace mlpipe
