// A model in LibTorch, on one thread. Its sources and those of graph.h alone include LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/scoring.h"
#include "scoring/package/model_format.h"

namespace mlpipe {

// One row of one input of the model: an image, a table's row, an array's row.
struct InputRow {
  ValueType type = ValueType::float32;
  std::vector<std::int64_t> shape;

  std::size_t values() const;
  std::vector<std::int64_t> in_batch(std::size_t rows) const;  // the shape of so many of them
  friend bool operator==(const InputRow&, const InputRow&) = default;
};

// What one forward pass gave: `rows` x `row_size` values, row by row. Valid until the next begin().
struct ModelOutput {
  const float* values = nullptr;
  std::size_t rows = 0, row_size = 0;
};

class TorchModel {
 public:
  // `path`: a TorchScript file, or the folder of an unpacked package. `device`: "cpu", "cuda", "cuda:1". Error: what LibTorch threw,
  // or that it has no such device.
  static Result<std::unique_ptr<TorchModel>> load(const std::string& path, ModelFormat format, Numerics numerics, const std::string& device);
  ~TorchModel();

  // An input of `rows` such rows, all zeros but what the caller writes: an array an input of the model, row-major, of its type. The
  // memory is valid until the next begin(); a model may write into it.
  Result<std::vector<void*>> begin(std::size_t rows, const std::vector<InputRow>& row);
  // Runs the model on it. Error: what the model threw, without LibTorch's backtrace.
  Result<ModelOutput> forward();

 private:
  struct State;
  explicit TorchModel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

std::string torch_version();  // "LibTorch 2.13.0"

}  // namespace mlpipe
