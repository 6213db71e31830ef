#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "scoring/torch/graph.h"

namespace mlpipe {
namespace {

class ScriptGraph final : public Graph {
 public:
  explicit ScriptGraph(torch::jit::Module module) : module_(std::move(module)) {}

  c10::IValue run(std::vector<at::Tensor> inputs) override {
    std::vector<c10::IValue> arguments;
    for (at::Tensor& input : inputs) arguments.emplace_back(std::move(input));
    return module_.forward(std::move(arguments));
  }

 private:
  torch::jit::Module module_;
};

}  // namespace

std::unique_ptr<Graph> load_script(const std::string& file, Numerics numerics, at::Device device) {
  torch::jit::Module module = torch::jit::load(file, device);
  module.eval();
  // It rewrites convolutions for the CPU's own library; on a GPU there is nothing of the kind.
  if (numerics == Numerics::fast) module = device.is_cpu() ? torch::jit::optimize_for_inference(module) : torch::jit::freeze(module);
  return std::make_unique<ScriptGraph>(std::move(module));
}

}  // namespace mlpipe
