// Reads a pipeline file of any dialect (now: native) into lib/pipeline, or reports every mistake in it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "pipeline/pipeline.h"
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
};

// The texts that diagnostics point into, by Location::file.
using SourceTexts = std::map<std::string, std::string>;

struct Loaded {
  std::optional<Pipeline> pipeline;  // nothing when diagnostics has errors
  Diagnostics diagnostics;           // sorted
  SourceTexts sources;
};

// Never throws and never crashes, whatever the bytes. Reads the spec, files that it names as configuration, and stats
// the paths that it says exist; runs nothing.
Loaded load(const Path& file, const Overrides& overrides = {});

// Every diagnostic, drawn with its source line.
std::string render_all(const Loaded& loaded, bool colour);

}  // namespace mlpipe::spec
