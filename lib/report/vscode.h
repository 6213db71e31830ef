// VS Code's launch.json and tasks.json: its debugger on a step (`debug` and `replay` with --debugpy), started here or waiting already.
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
  bool parallel = false;
};

// One configuration, ready to paste.
std::string attach_configuration(const AttachTarget& target);

// The steps of a pipeline that run Python of ours to debug.
std::vector<AttachTarget> attach_targets(const Pipeline& pipeline);

struct EditorFile {
  std::string text;                // whole
  std::vector<std::string> added;  // names of what is new; empty: all of it was there already
};
// launch.json: `existing` (empty: there is no file) with two configurations for each target, as far as it does not have them by name: one
// attaches to what waits, the other starts it first, by a task of tasks.json. What is there stays.
// Paths below `workspace`, the folder that VS Code has open, are written relative to it.
// Error: `existing` is no JSON as VS Code's own settings may be (comments), so it cannot be written back without a loss.
Result<EditorFile> with_configurations(const std::string& existing, const std::vector<AttachTarget>& targets, const Path& workspace);
// tasks.json in the same way: what those configurations start. `spec`: the pipeline, when it is not the usual one there; else empty.
Result<EditorFile> with_tasks(const std::string& existing, const std::vector<AttachTarget>& targets, const std::string& spec);

}  // namespace mlpipe
