// The code that runs ran, kept in the store: whatever becomes of the source, a run can be compared, cloned and run again.
//
//   code/trees/<tree digest>      a tree's small files, one behind the other in the tree's order. First "mlpipe code 1\n", then the
//                                 BLAKE3 (32 bytes) of all behind it. Which bytes are whose, the tree's listing says (a text of the store)
//   code/files/<file digest>      a larger file, shared by all trees that hold it
//   code/checkouts/<tree digest>/ a tree put back, for `rerun`: only a copy, made again where it is gone or was written to
//
// Content addressed and immutable; written aside and renamed. Not synced: a power cut costs the history of a run, never a result,
// and what is read is held against its digests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "reuse/digest_index.h"
#include "reuse/tree.h"
#include "store/store.h"

namespace mlpipe::code_trees {

inline constexpr std::uint64_t largest_small_file = 64 * 1024;

// Keeps `tree`, whose files lie below `folder`; those that the kept tree `earlier` has too are not read. One that is there already
// costs a stat. Error: a file cannot be read, is no longer what the tree says, or cannot be written.
Status keep(const Store& store, const Tree& tree, const Path& folder, const std::optional<Digest>& earlier = std::nullopt);
bool is_kept(const Store& store, const Digest& tree);
// Of something below code/trees/ or code/files/ of the store: it holds what its check sum or its name says.
bool is_whole(const Store& store, const std::string& name);

// Kind store, for all of these: it was never kept, or is damaged.
Result<Tree> listing(const Store& store, const Digest& tree);
Result<std::string> read_file(const Store& store, const Tree& tree, std::string_view path);
// Writes the tree into `target`, which is made where it is missing; files that are there are replaced.
Status restore(const Store& store, const Digest& tree, const Path& target);
// A folder of the store that holds the tree now; to be read, not to be written to. A gc leaves it alone for ten minutes.
Result<Path> checkout(const Store& store, const Digest& tree, DigestIndex& index);

}  // namespace mlpipe::code_trees
