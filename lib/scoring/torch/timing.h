// How long forward passes take, and the size of a batch that follows from it.
#pragma once

#include <vector>

#include "base/result.h"
#include "scoring/module.h"
#include "scoring/package/package_inputs.h"
#include "scoring/torch/torch_model.h"

namespace mlpipe {

// One pass of made-up rows: always the same ones, of which a larger batch has more.
Result<ModelOutput> run_made_up(TorchModel& model, std::size_t batch_size, const std::vector<InputRow>& row);

// Passes of made-up rows for about `seconds`, at least three, after one that does not count. `output` gets what the last one gave.
Result<mlpipe_timing> time_passes(TorchModel& model, std::size_t batch_size, const std::vector<InputRow>& row, double seconds, ModelOutput* output = nullptr);

// The size in `range` whose rows are cheapest, among 8, 16, 32 ...: the first that is not beaten by its double by more than a few percent.
// Takes a third of a second, or the few passes that a slow model needs.
Result<std::size_t> best_batch_size(TorchModel& model, const std::vector<InputRow>& row, const SizeRange& range = {});

}  // namespace mlpipe
