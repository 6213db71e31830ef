// Whether a result may still be reused: its outputs hold what they held when they were published.
#pragma once

#include "base/result.h"
#include "reuse/digest_index.h"
#include "store/store.h"

namespace mlpipe {

// Kind store, naming the output and what is wrong with it: missing, or a file that changed, appeared or is gone (the first of
// them, where the listing of its tree is in the store). Only stat data is read of files that the index knows.
Status verify(const Store& store, const StepResult& result, DigestIndex* index);

}  // namespace mlpipe
