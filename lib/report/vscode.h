// VS Code's launch.json: configurations that attach its debugger to a step (`replay` and `debug` with --debugpy).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline.h"
#include "system/files.h"

namespace mlpipe {

inline constexpr int usual_debug_port = 5678;  // debugpy's own

struct AttachTarget {
  std::string step;
  Path source;  // where its code is edited; empty: nowhere
  Path code;    // where it runs
  int port = usual_debug_port;
};

// One configuration, ready to paste.
std::string attach_configuration(const AttachTarget& target);

// The steps of a pipeline that run Python of ours to debug.
std::vector<AttachTarget> attach_targets(const Pipeline& pipeline);

struct LaunchFile {
  std::string text;                // whole
  std::vector<std::string> added;  // names of configurations; empty: all of them were there already
};
// `existing` (empty: there is no file) with a configuration for each target that it does not have by name. What is there stays.
// Paths below `workspace`, the folder that VS Code has open, are written relative to it.
// Error: `existing` is no JSON as VS Code's own settings may be (comments), so it cannot be written back without a loss.
Result<LaunchFile> with_configurations(const std::string& existing, const std::vector<AttachTarget>& targets, const Path& workspace);

}  // namespace mlpipe
