// The limit that a step which scores images with a TorchScript model is held against: one thread, one loop, nothing else. bench/images runs it.
//   image_loop MODEL strict|fast BATCH FOLDER [cold]    prints how many images a second it scored, without loading the model and warming
//                                                       it up; "cold": it is not warmed up, so that the whole command is the shortest way to rows
// It decodes with mlpipe's own lib/scoring/image: decoding slower would only lower the limit.
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <ATen/Parallel.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "scoring/image/image_input.h"
#include "system/files.h"

using namespace mlpipe;

namespace {

constexpr int side = 224;

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

ImageInput imagenet_input() {
  ImageSpec spec;
  spec.resize = {256};
  spec.crop = {side};
  spec.mean = {0.485, 0.456, 0.406};
  spec.std = {0.229, 0.224, 0.225};
  return *ImageInput::make(spec);
}

torch::jit::Module load_model(const std::string& file, bool fast) {
  torch::jit::Module model = torch::jit::load(file);
  model.eval();
  if (!fast) return model;
  model = torch::jit::freeze(model);
  return torch::jit::optimize_for_inference(model);
}

at::Tensor forward(torch::jit::Module& model, const at::Tensor& pixels) { return model.forward({pixels}).toTensor(); }

void score(torch::jit::Module& model, const ImageInput& input, const std::vector<std::string>& files, std::size_t first, std::size_t count,
           const at::Tensor& pixels, std::FILE* rows) {
  for (std::size_t i = 0; i < count; ++i)
    input.write(*input.load(*read_file(files[first + i])), pixels.data_ptr<float>() + i * 3 * side * side);
  const at::Tensor labels = forward(model, pixels).argmax(1);
  for (std::size_t i = 0; i < count; ++i)
    std::fprintf(rows, "%s %lld\n", files[first + i].c_str(), static_cast<long long>(labels.data_ptr<std::int64_t>()[i]));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  at::set_num_threads(1);
  const c10::InferenceMode inference;
  torch::jit::Module model = load_model(argv[1], argv[2] == std::string("fast"));
  const std::size_t batch = std::stoul(argv[3]);
  const auto files = files_in(argv[4]);
  const ImageInput input = imagenet_input();
  const at::Tensor pixels = at::zeros({static_cast<std::int64_t>(batch), 3, side, side});
  for (int call = argc > 5 ? 3 : 0; call < 3; ++call) forward(model, pixels);  // TorchScript specialises itself in its first calls
  std::FILE* rows = std::fopen("/dev/null", "w");
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t first = 0; first < files.size(); first += batch)
    score(model, input, files, first, std::min(batch, files.size() - first), pixels, rows);
  std::printf("%.2f\n", static_cast<double>(files.size()) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  std::fflush(stdout);
  ::_exit(0);  // LibTorch's destructors take 70 ms, and mlpipe leaves them out too
}
