// What a scoring module tells about a model that it has opened: one JSON text, written by the module and read by mlpipe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mlpipe {

struct ModelFacts {
  std::string format;             // "TorchScript", "AOTInductor package"
  std::string device;             // "cpu"
  std::size_t batch_size = 0;     // of a forward pass
  std::size_t smallest_batch = 1; // that the model takes
  std::size_t largest_batch = SIZE_MAX;
  bool measured = false;          // the batch size was found by a measurement; it holds for as long as the step's rows are made
  std::vector<std::string> notes; // what users should know: "the package was built for avx512"
};

std::string to_json(const ModelFacts& facts);
Result<ModelFacts> model_facts_from_json(std::string_view text);

}  // namespace mlpipe
