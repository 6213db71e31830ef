// What scripts wrote into outputs beside the rows: nobody but they know what belongs to which mini-batch, and nobody synced it. Marks
// in the state folder say what a resume has to know about it.
#pragma once

#include "base/result.h"
#include "batch/plan/job.h"

namespace mlpipe {

// Whether anything but the rows' file lies in any output. A disk that cannot be read holds nothing.
bool scripts_wrote(const ParallelJob& job);
// Removes all of that.
Status remove_script_files(const ParallelJob& job);

// Before records are synced: from now on a loss of power may have lost files of recorded mini-batches. Cheap when nothing is there.
Status note_script_files(const ParallelJob& job);
// Whether files of recorded mini-batches may be lost, given that the machine was started anew.
bool may_have_lost_files(const ParallelJob& job);

// After the last mini-batch: from now on the outputs may be moved away, so that files are gone though their records are there.
Status note_handover(const ParallelJob& job);
bool was_handed_over(const ParallelJob& job);

// All is scored again.
void forget_marks(const ParallelJob& job);

}  // namespace mlpipe
