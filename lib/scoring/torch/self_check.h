// Whether a package's rows are the same whatever batch they are in. A model that was exported with its batch baked in, or in training
// mode, may run with any other batch and silently give other rows.
#pragma once

#include <vector>

#include "base/result.h"
#include "scoring/package/package_inputs.h"
#include "scoring/torch/torch_model.h"

namespace mlpipe {

// Compares the same made-up rows in batches of `batch_size` and of half or twice that, as `range` allows. Error: they differ by more than
// rounding does. Nothing is compared where the range allows no other size.
Status compare_batch_sizes(TorchModel& model, const std::vector<InputRow>& row, std::size_t batch_size, const SizeRange& range);

}  // namespace mlpipe
