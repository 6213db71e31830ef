#include "scoring/torch/torch_model.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#if __has_include(<torch/headeronly/version.h>)
#include <torch/headeronly/version.h>
#else
#include <torch/csrc/api/include/torch/version.h>
#endif

#include <algorithm>
#include <optional>

namespace mlpipe {
namespace {

#if TORCH_VERSION_MAJOR >= 2
const float* data_of(const at::Tensor& tensor) { return tensor.const_data_ptr<float>(); }
#else
const float* data_of(const at::Tensor& tensor) { return tensor.data_ptr<float>(); }
#endif

Error failed(std::string message) { return {ErrorKind::step_failed, std::move(message), ""}; }

// The cause as the first line, then the interpreter's traceback where there is one. LibTorch's own backtrace goes.
std::string explained(std::string text) {
  text.resize(std::min(text.find("\nException raised from"), text.size()));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto last_line = text.rfind('\n');
  if (!text.starts_with("The following operation failed in the TorchScript interpreter") || last_line == std::string::npos) return text;
  return text.substr(last_line + 1) + "\n" + text;
}

// Runs what may throw: whatever LibTorch raises becomes an Error.
template <class Action>
auto caught(Action action) -> decltype(action()) {
  try {
    return action();
  } catch (const std::exception& error) {
    return failed(explained(error.what()));
  } catch (...) {
    return failed("LibTorch threw something that is no exception");
  }
}

// Before anything else: a second thread would make fork unsafe, and results depend on the number of threads.
void use_one_thread() {
  static const bool once = [] {
    at::set_num_threads(1);
    at::set_num_interop_threads(1);
    return true;
  }();
  static_cast<void>(once);
}

std::optional<at::Tensor> first_tensor(const c10::IValue& value) {
  if (value.isTensor()) return value.toTensor();
  if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    if (!elements.empty()) return first_tensor(elements[0]);
  }
  if (value.isTensorList() && !value.toTensorVector().empty()) return value.toTensorVector()[0];
  if (value.isList() && !value.toListRef().empty()) return first_tensor(value.toListRef()[0]);
  return std::nullopt;
}

}  // namespace

struct TorchModel::State {
  torch::jit::Module module;
  at::Tensor input, output;
};

TorchModel::TorchModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
TorchModel::~TorchModel() = default;

Result<std::unique_ptr<TorchModel>> TorchModel::load(const std::string& path) {
  return caught([&]() -> Result<std::unique_ptr<TorchModel>> {
    use_one_thread();
    const c10::InferenceMode guard;
    auto state = std::make_unique<State>();
    state->module = torch::jit::load(path, c10::Device(c10::DeviceType::CPU));
    state->module.eval();
    return std::unique_ptr<TorchModel>(new TorchModel(std::move(state)));
  });
}

Result<float*> TorchModel::begin(const std::vector<std::int64_t>& shape) {
  return caught([&]() -> Result<float*> {
    const c10::InferenceMode guard;
    state_->output = at::Tensor();
    state_->input = at::zeros(shape, at::TensorOptions(at::kFloat));
    return state_->input.data_ptr<float>();
  });
}

Result<ModelOutput> TorchModel::forward() {
  return caught([&]() -> Result<ModelOutput> {
    const c10::InferenceMode guard;
    const auto batch = state_->input.size(0);
    const auto result = state_->module.forward({std::move(state_->input)});
    const auto output = first_tensor(result);
    if (!output) return failed(c10::str("the model returned ", result.tagKind(), " where a tensor, or a tuple that starts with one, is needed"));
    if (output->is_complex()) return failed("the model returned complex numbers");
    if (output->dim() == 0 || output->size(0) != batch) {
      return failed(c10::str("the model returned shape ", output->sizes(), " for a batch of ", batch, ": the first dimension must be the batch"));
    }
    state_->output = output->to(at::kCPU, at::kFloat).contiguous();
    const auto rows = static_cast<std::size_t>(batch), values = static_cast<std::size_t>(state_->output.numel());
    return ModelOutput{data_of(state_->output), rows, values / rows};
  });
}

std::string torch_version() { return c10::str("LibTorch ", TORCH_VERSION_MAJOR, ".", TORCH_VERSION_MINOR, ".", TORCH_VERSION_PATCH); }

}  // namespace mlpipe
