// A TorchScript model on the CPU, one thread, PyTorch's own bits. torch_model.cpp alone includes LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace mlpipe {

// What one forward pass gave: `rows` x `row_size` values, row by row. Valid until the next begin().
struct ModelOutput {
  const float* values = nullptr;
  std::size_t rows = 0, row_size = 0;
};

class TorchModel {
 public:
  static Result<std::unique_ptr<TorchModel>> load(const std::string& path);
  ~TorchModel();

  // A new input of this shape (first: the batch), all zeros. The memory is valid until forward().
  Result<float*> begin(const std::vector<std::int64_t>& shape);
  // Runs the model on it. Error: what the model threw, without LibTorch's backtrace.
  Result<ModelOutput> forward();

 private:
  struct State;
  explicit TorchModel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

std::string torch_version();  // "LibTorch 2.13.0"

}  // namespace mlpipe
