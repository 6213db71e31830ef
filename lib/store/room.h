// Whether the disk of a store has room. A quota of a user is not known before it is used up: writing fails then, and says so.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/store.h"

namespace mlpipe {

// Kind store: after `wanted` bytes more, less than 64 MB (of a small disk: a twentieth) would be free. Names the disk's store and gc.
// A disk that does not tell is taken to have room.
Status check_room(const Store& store, std::uint64_t wanted = 0);

}  // namespace mlpipe
