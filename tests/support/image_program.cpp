// What ImageInput makes of files, for scripts/compare-images. A request is a line of standard input:
//   MODE EXIF LAYOUT RESIZE CROP PATH      "RGB 0 chw 256 224,224 /a/b.jpg"; "-": no resize, no crop
// and its answer "WIDTH HEIGHT CHANNELS\n", the pixels, and the float32 values of ImageNet's mean and deviation; or "error REASON\n".
#include <cstdio>
#include <iostream>
#include <iterator>
#include <sstream>

#include "scoring/image/image_input.h"
#include "system/files.h"

using namespace mlpipe;

namespace {

std::vector<int> numbers(const std::string& text) {
  std::vector<int> found;
  std::istringstream parts(text == "-" ? "" : text);
  for (std::string part; std::getline(parts, part, ',');) found.push_back(std::stoi(part));
  return found;
}

struct Request {
  ImageSpec spec;
  std::string path;
};

Request parse(const std::string& line) {
  std::istringstream words(line);
  std::string layout, resize, crop;
  Request request;
  words >> request.spec.mode >> request.spec.exif >> layout >> resize >> crop >> std::ws;
  std::getline(words, request.path);
  request.spec.layout = layout == "hwc" ? ImageLayout::hwc : ImageLayout::chw;
  request.spec.resize = numbers(resize);
  request.spec.crop = numbers(crop);
  request.spec.mean = request.spec.mode == "L" ? std::vector{0.449} : std::vector{0.485, 0.456, 0.406};
  request.spec.std = request.spec.mode == "L" ? std::vector{0.226} : std::vector{0.229, 0.224, 0.225};
  return request;
}

Status answer(const Request& request) {
  MLPIPE_TRY(const ImageInput input, ImageInput::make(request.spec));
  MLPIPE_TRY(const std::string file, read_file(request.path));
  MLPIPE_TRY(const Image image, input.load(file));
  std::vector<float> values(image.pixels.size());
  input.write(image, values.data());
  std::printf("%d %d %d\n", image.width, image.height, image.channels);
  std::fwrite(image.pixels.data(), 1, image.pixels.size(), stdout);
  std::fwrite(values.data(), sizeof(float), values.size(), stdout);
  return {};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto status = answer(parse(line));
    if (!status) std::printf("error %s\n", status.error().message.c_str());
    std::fflush(stdout);
  }
}
