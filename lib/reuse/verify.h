// Whether a result may still be reused: its outputs hold what they held when they were published.
#pragma once

#include <vector>

#include "base/result.h"
#include "reuse/digest_index.h"
#include "reuse/tree.h"
#include "store/store.h"

namespace mlpipe {

// Kind store, naming the output and what is wrong with it: missing, or a file that changed, appeared or is gone (the first of
// them, where the listing of its tree is in the store). Only stat data is read of files that the index knows.
// A stop while they are read (system/event_loop.h) is an error of its own kind: nothing is known then.
// Returns their trees, in the order of result.outputs.
// With `read_all` every file is read.
Result<std::vector<Tree>> verify(const Store& store, const StepResult& result, DigestIndex* index, bool read_all = false);

}  // namespace mlpipe
