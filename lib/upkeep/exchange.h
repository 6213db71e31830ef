// Results on their way to another machine: one archive, whose layout docs/cache.md describes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "store/store.h"
#include "upkeep/archive.h"

namespace mlpipe {

struct Exchanged {
  std::size_t results = 0, added = 0;     // in the archive; of these those that the store did not have
  std::uint64_t bytes = 0;                // of their outputs
  std::vector<std::string> notices;       // results that were left out, and why
};

// Of all results that can be read.
Result<std::vector<Digest>> all_results(const Store& store);

// Writes these results, with their outputs, manifests, listings and kept code. Those that the store does not have are left out.
Result<Exchanged> export_results(const Store& store, const std::vector<Digest>& fingerprints, ArchiveWriter archive);

// Takes what the store does not have. An output is held against its digest before a result names it; a result whose outputs are
// not what they should be is left out. Error, of kind store: the archive is damaged, cut off, not ours or of a newer format, or has an
// entry that no archive of ours has (what leads out of it, links): what was whole before that is taken.
// Killed at any moment it leaves nothing that is ever taken for a result. Doing it again does no harm.
struct Imported {
  Exchanged exchanged;
  Status status;  // how reading the archive ended
};
Result<Imported> import_results(const Store& store, ArchiveReader archive);

}  // namespace mlpipe
