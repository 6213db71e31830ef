// What a package of AOTInductor takes. LibTorch has no call that tells; the C++ source that Inductor leaves in a package, beside the
// machine code made of it, has a check for each side of each input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mlpipe {

// What one side of an input may be.
struct SizeRange {
  std::int64_t least = 1, most = std::numeric_limits<std::int64_t>::max();

  bool holds(std::int64_t size) const { return least <= size && size <= most; }
  bool fixed() const { return least == most; }
  friend bool operator==(const SizeRange&, const SizeRange&) = default;
};

// The first side is the batch. Sides that are not checked may be missing.
using PackageInput = std::vector<SizeRange>;

// One an input of the model, in its order, from the source (*.wrapper.cpp). Empty: it says nothing that we understand; then only a
// forward pass tells what fits.
std::vector<PackageInput> package_inputs(std::string_view source);

// An error unless the inputs are as many as `rows`, the shapes of one row each, and may have these shapes.
Status check_rows(const std::vector<PackageInput>& inputs, const std::vector<std::vector<std::int64_t>>& rows);

// What the batch may be: of all inputs.
SizeRange batch_range(const std::vector<PackageInput>& inputs);
// "batches of 4 rows", "batches of 2 to 512 rows".
std::string batches_text(const SizeRange& range);
Status check_batch_size(const SizeRange& range, std::size_t given);

}  // namespace mlpipe
