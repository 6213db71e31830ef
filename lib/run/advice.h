// What is no mistake, but costs time or loses something, and how to do better. Warnings of `plan` and `run`, beside those of the spec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "reuse/tree.h"
#include "system/clock.h"

namespace mlpipe {

struct Advice {
  std::string message, hint;
};

// More code than Azure takes: 300 MB or 2,000 files.
std::optional<Advice> advise_snapshot(const Tree& code);

// A step has written into its private copy of the source since it began, ignored droppings aside. Costs a look at the stat data of
// every file, and reads those that were written to.
std::optional<Advice> advise_written_source(const Path& copy, const Tree& code, WallTime began);

}  // namespace mlpipe
