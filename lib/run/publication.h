// `publish:` copies an output to a place of the user's, after success. Files that the user put there stay.
#pragma once

#include "base/result.h"
#include "pipeline/pipeline.h"
#include "run/description.h"
#include "store/store.h"

namespace mlpipe {

struct PublicationFolders {
  Path aside;     // copies are made here first; swept when the run is killed
  Path replaced;  // where files go that were at the target and that we had not put there as they were
};

struct Published {
  bool changed = false;               // anything had to be written
  std::vector<std::string> replaced;  // paths below the target whose old content was put into `replaced_folder`
  Path replaced_folder;
};

// Makes output.publish equal to `available`, file by file (each replaced by rename); files that an earlier publication of
// ours put there and that are no longer part of the output are removed, all others are left alone. Nothing of the user's is
// lost: what we did not put there as it is now goes to `folders.replaced` before it is overwritten.
// Error: the place lies in the store, whatever links lead there.
Result<Published> publish_output(const Store& store, const StepOutput& output, const AvailableOutput& available, const PublicationFolders& folders,
                                 DigestIndex& index);

}  // namespace mlpipe
