// Published files of mini-batches: extents of the journal's rows file that are files (scoring/rows/mini_batch_files.h), each cut out.
#pragma once

#include <vector>

#include "batch/record/file_ops.h"
#include "batch/record/journal.h"

namespace mlpipe {

// Into the folder `target`, from which files of an earlier try are removed first; each as write_rows_file writes: whole or not there. Error
// (kind step_failed): there is something else in an extent.
Status write_mini_batch_files(int rows, const std::vector<Extent>& extents, const Path& target, const Path& aside, FileOps& ops);

}  // namespace mlpipe
