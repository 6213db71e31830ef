// `publish:` copies an output to a place of the user's, after success. Files that the user put there stay.
#pragma once

#include "base/result.h"
#include "pipeline/pipeline.h"
#include "run/description.h"
#include "store/store.h"

namespace mlpipe {

// Makes output.publish equal to `available`, file by file (each replaced by rename); files that an earlier publication of
// ours put there and that are no longer part of the output are removed, all others are left alone.
// Copies are made in `aside_folder` first. Returns whether anything had to be written.
Result<bool> publish_output(const Store& store, const StepOutput& output, const AvailableOutput& available, const Path& aside_folder,
                            DigestIndex& index);

}  // namespace mlpipe
