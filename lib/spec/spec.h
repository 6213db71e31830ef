// Reads a pipeline file of any dialect (now: native and Azure's v2) into lib/pipeline, or reports every mistake in it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "pipeline/pipeline.h"
#include "spec/reading/overrides.h"
#include "system/files.h"

namespace mlpipe::spec {

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
