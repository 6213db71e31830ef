#include "scoring/torch/torch_model.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>
#if __has_include(<torch/headeronly/version.h>)
#include <torch/headeronly/version.h>
#else
#include <torch/csrc/api/include/torch/version.h>
#endif

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "scoring/torch/graph.h"

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

// What float32 cannot hold is not rounded behind people's backs.
bool loses_digits(const at::Tensor& tensor) {
  if (!at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false)) return false;
  constexpr std::int64_t most = 1 << 24;
  const at::Tensor whole = tensor.to(at::kCPU, at::kLong).contiguous();
  const auto* const values = static_cast<const std::int64_t*>(whole.data_ptr());
  return std::any_of(values, values + whole.numel(), [](std::int64_t value) { return value > most || value < -most; });
}

// The half of LibTorch that knows CUDA is a library of its own, which makes itself known when it is opened: where there is one.
void open_cuda() {
  static const bool once = ::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_LOCAL) != nullptr;
  static_cast<void>(once);
}

std::optional<at::Device> device_of(const std::string& name) {
  const at::Device device(name);
  if (device.is_cuda()) open_cuda();
  const bool there = device.is_cpu() || (device.is_cuda() && at::hasCUDA());
  return there ? std::optional(device) : std::nullopt;
}

at::ScalarType scalar_type(ValueType type) { return type == ValueType::int64 ? at::kLong : at::kFloat; }

}  // namespace

std::size_t InputRow::values() const {
  std::size_t count = 1;
  for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
  return count;
}

std::vector<std::int64_t> InputRow::in_batch(std::size_t rows) const {
  std::vector<std::int64_t> sides{static_cast<std::int64_t>(rows)};
  sides.insert(sides.end(), shape.begin(), shape.end());
  return sides;
}

struct TorchModel::State {
  std::unique_ptr<Graph> graph;
  at::Device device{at::kCPU};
  std::size_t rows = 0;
  std::vector<InputRow> row;
  std::vector<at::Tensor> inputs;  // on the CPU; pinned where a GPU reads them
  at::Tensor output;

  bool fits(std::size_t wanted_rows, const std::vector<InputRow>& wanted) const { return rows == wanted_rows && row == wanted && !inputs.empty(); }
  void make_inputs();
  Result<ModelOutput> output_of(const c10::IValue& result);
};

void TorchModel::State::make_inputs() {
  inputs.clear();
  for (const InputRow& each : row)
    inputs.push_back(at::empty(each.in_batch(rows), at::TensorOptions(scalar_type(each.type)).pinned_memory(!device.is_cpu())));
}

Result<ModelOutput> TorchModel::State::output_of(const c10::IValue& result) {
  const auto found = first_tensor(result);
  if (!found) return failed(c10::str("the model returned ", result.tagKind(), " where a tensor, or a tuple that starts with one, is needed"));
  if (found->is_complex()) return failed("the model returned complex numbers");
  if (found->dim() == 0 || found->size(0) != static_cast<std::int64_t>(rows)) {
    return failed(c10::str("the model returned shape ", found->sizes(), " for a batch of ", rows, ": the first dimension must be the batch"));
  }
  if (loses_digits(*found)) return failed("the model returned whole numbers beyond 16777216, which float32 cannot hold: return them in parts, or less of them");
  output = found->to(at::kCPU, at::kFloat).contiguous();
  return ModelOutput{data_of(output), rows, static_cast<std::size_t>(output.numel()) / rows};
}

TorchModel::TorchModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
TorchModel::~TorchModel() = default;

Result<std::unique_ptr<TorchModel>> TorchModel::load(const std::string& path, ModelFormat format, Numerics numerics, const std::string& device) {
  return caught([&]() -> Result<std::unique_ptr<TorchModel>> {
    use_one_thread();
    const c10::InferenceMode guard;
    const auto place = device_of(device);
    if (!place)
      return Error{ErrorKind::step_failed, c10::str("device ", device, " is not there: this ", torch_version(), " has no CUDA"),
                   "use device: cpu, or build mlpipe against a PyTorch with CUDA"};
    auto state = std::make_unique<State>();
    state->device = *place;
    state->graph = format == ModelFormat::aoti_package ? load_package(path, *place) : load_script(path, numerics, *place);
    return std::unique_ptr<TorchModel>(new TorchModel(std::move(state)));
  });
}

Result<std::vector<void*>> TorchModel::begin(std::size_t rows, const std::vector<InputRow>& row) {
  return caught([&]() -> Result<std::vector<void*>> {
    const c10::InferenceMode guard;
    State& state = *state_;
    state.output = at::Tensor();
    // A model may keep its input, or a view of it, or write into it and return it: then it is not ours to use again.
    const bool ours = std::all_of(state.inputs.begin(), state.inputs.end(), [](const at::Tensor& tensor) { return tensor.use_count() == 1 && tensor.storage().use_count() == 1; });
    if (!ours || !state.fits(rows, row)) {
      state.rows = rows;
      state.row = row;
      state.make_inputs();
    }
    std::vector<void*> places;
    for (const at::Tensor& tensor : state.inputs) {
      places.push_back(tensor.data_ptr());
      std::memset(places.back(), 0, tensor.nbytes());
    }
    return places;
  });
}

Result<ModelOutput> TorchModel::forward() {
  return caught([&]() -> Result<ModelOutput> {
    const c10::InferenceMode guard;
    std::vector<at::Tensor> inputs;
    for (const at::Tensor& tensor : state_->inputs) inputs.push_back(state_->device.is_cpu() ? tensor : tensor.to(state_->device, /*non_blocking=*/true));
    return state_->output_of(state_->graph->run(std::move(inputs)));
  });
}

std::string torch_version() { return c10::str("LibTorch ", TORCH_VERSION_MAJOR, ".", TORCH_VERSION_MINOR, ".", TORCH_VERSION_PATCH); }

}  // namespace mlpipe
