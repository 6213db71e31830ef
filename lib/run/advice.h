// What is no mistake, but costs time or loses something, and how to do better. Warnings of `plan` and `run`, beside those of the spec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reuse/tree.h"

namespace mlpipe {

struct Advice {
  std::string message, hint;
};

// More code than Azure takes: 300 MB or 2,000 files.
std::optional<Advice> advise_snapshot(const Tree& code);

// A step has made these changes to its private copy of the source; droppings of tools do not count.
std::optional<Advice> advise_written_source(const std::vector<TreeChange>& changes);

}  // namespace mlpipe
