// The published rows: extents of the journal's rows file put together in the order that was asked for.
#pragma once

#include <string_view>
#include <vector>

#include "batch/record/file_ops.h"
#include "batch/record/journal.h"
#include "pipeline/parallel_run_config.h"

namespace mlpipe {

// Writes `aside` and renames it to `target` (same file system), so that it is whole or not there; `aside` is not in the folder
// that is published: a killed run may leave it. mini_batch order: equal results are equal bytes; completion order: as they
// finished. `header` comes before all rows. Not synced: who publishes the folder does that.
Status write_rows_file(int rows, std::vector<Extent> extents, RowOrder order, const Path& target, const Path& aside, FileOps& ops,
                       std::string_view header = {});

}  // namespace mlpipe
