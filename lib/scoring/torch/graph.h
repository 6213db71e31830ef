// What computes: a TorchScript module, or a package of AOTInductor. Behind torch_model.h, for its sources alone.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <memory>
#include <string>
#include <vector>

#include "pipeline/scoring.h"

namespace mlpipe {

// Functions throw what LibTorch throws.
class Graph {
 public:
  virtual ~Graph() = default;
  virtual c10::IValue run(std::vector<at::Tensor> inputs) = 0;
};

// `fast` freezes the module, and where that pays has LibTorch rewrite it for this processor: other bits, from the same numbers.
std::unique_ptr<Graph> load_script(const std::string& file, Numerics numerics, at::Device device);
// `folder`: an unpacked package. Machine code: loading executes it.
std::unique_ptr<Graph> load_package(const std::string& folder, at::Device device);

}  // namespace mlpipe
