// Whether a store is whole: every byte of every output is read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace mlpipe {

struct Damage {
  std::string what, hint;
};

struct StoreProof {
  std::size_t results = 0, objects = 0, texts = 0, runs = 0;
  std::uint64_t bytes = 0;       // of outputs, read
  std::vector<Damage> damages;
};

// Safe while runs go on: what they replace or remove meanwhile is no damage. While it lasts no gc collects.
// Error: the store cannot be listed, or a stop (system/event_loop.h) came.
Result<StoreProof> prove(const Store& store);

}  // namespace mlpipe
