// Digests of files that must be read, several at once.
#pragma once

#include <vector>

#include "base/result.h"
#include "reuse/walk.h"

namespace mlpipe {

struct HashJob {
  FoundFile* file = nullptr;  // its stat data is renewed when it changed since the walk
  Digest digest;
};

// The error of the first job in order that failed. A file that changes while it is read is read again, three times at most.
Status hash_files(const Path& root, std::vector<HashJob>& jobs, int threads);

}  // namespace mlpipe
