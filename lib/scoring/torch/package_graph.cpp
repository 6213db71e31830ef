#include "scoring/torch/graph.h"

#if __has_include(<torch/csrc/inductor/aoti_package/model_package_loader.h>)
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

namespace mlpipe {
namespace {

class PackageGraph final : public Graph {
 public:
  PackageGraph(const std::string& folder, at::Device device)
      // One thread calls it: without the locks of several.
      : loader_(folder, "model", true, 1, device.is_cpu() ? c10::DeviceIndex(-1) : device.index()) {}

  c10::IValue run(std::vector<at::Tensor> inputs) override {
    std::vector<at::Tensor> outputs = loader_.boxed_run(std::move(inputs));
    TORCH_CHECK(!outputs.empty(), "the model returned nothing");
    return std::move(outputs.front());
  }

 private:
  torch::inductor::AOTIModelPackageLoader loader_;
};

}  // namespace

std::unique_ptr<Graph> load_package(const std::string& folder, at::Device device) { return std::make_unique<PackageGraph>(folder, device); }

}  // namespace mlpipe
#else
#include <c10/util/Exception.h>

namespace mlpipe {

std::unique_ptr<Graph> load_package(const std::string&, at::Device) { TORCH_CHECK(false, "this LibTorch is too old for packages of AOTInductor (.pt2)"); }

}  // namespace mlpipe
#endif
