// Secrets in what a script has tracked: in names of metrics, params and tags, and in the values of the latter two. Scripts write them past the runner.
#pragma once

#include <vector>

#include "base/stream_editor.h"
#include "system/files.h"

namespace mlpipe {

// Replaces them in the files of an experiment (run/metric_files.h), names of files included; numbers and artifacts stay. Files that cannot be
// read or written are passed over.
void edit_tracked_texts(const Path& experiment, const std::vector<StreamEditor::Replacement>& replacements);

}  // namespace mlpipe
