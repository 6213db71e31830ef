// Damages small real images of each format at random, and decodes, turns, resizes and crops what is left: nothing may crash, hang or take
// memory out of proportion. scripts/fuzz runs it.
//   fuzz_image SECONDS SEED [FOLDER]      FOLDER: more images to begin with
// Ends at the first image that takes too long: fuzz_image.last is that one.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "fuzz/damage.h"
#include "scoring/image/image_input.h"
#include "system/files.h"
#include "unit/scoring/pillow_goldens.h"

using namespace mlpipe;

namespace {

constexpr double slowest_seconds = 20;          // of processor time: sanitizers, and 178 million pixels that a few bytes can hold
constexpr long most_memory = 4L * 1024 * 1024;  // KB: as many pixels, the shadows of the sanitizers included

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

std::vector<std::string> originals(const char* folder) {
  std::vector<std::string> found;
  for (const auto& golden : goldens) {
    if (golden.width == 0) found.push_back(from_hex(golden.file));
  }
  if (!folder) return found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (auto file = read_file(entry.path().string())) found.push_back(file.take());
  }
  return found;
}

// Sizes and markers.
const std::vector<std::string> words = {
    std::string(4, '\0'), "\xff\xff\xff\xff", "\x7f\xff\xff\xff", "\xff\xff\xff\x7f",
    std::string("\0\1\0\0", 4), std::string("\x40\0", 2), std::string("\0\x40", 2), std::string("Exif\0\0II*\0", 10), std::string("\0\2\xff\xff", 4),
    "\xff\xda", "\xff\xc2", "\xff\xd9", "\xff\xe1", "IDAT", "PLTE", "eXIf", "VP8 ", "VP8L", "VP8X", "ANMF", "ALPH"};

class Fuzzer {
 public:
  Fuzzer(const char* folder, unsigned seed) : originals_(originals(folder)), damage_(seed), last_("fuzz_image.last") {}

  // True: still a picture.
  bool try_one() {
    const std::string file = damage_.next(originals_, words);
    last_.keep(file);
    const ImageInput input = some_input();
    const auto image = input.load(file);
    if (!image) return false;
    std::vector<float> values(image->pixels.size());
    input.write(*image, values.data());
    return true;
  }

 private:
  int some_side() { return static_cast<int>(1 + damage_.below(60)); }

  ImageInput some_input() {
    ImageSpec spec;
    spec.mode = damage_.below(3) == 0 ? "L" : "RGB";
    spec.exif = damage_.below(2) == 0;
    if (damage_.below(2) == 0) spec.resize = {some_side()};
    if (damage_.below(4) == 0) spec.resize = {some_side(), some_side()};
    if (damage_.below(2) == 0) spec.crop = {some_side()};
    return ImageInput::make(spec).take();
  }

  std::vector<std::string> originals_;
  fuzz::Damage damage_;
  fuzz::LastInput last_;
};

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return std::fprintf(stderr, "usage: fuzz_image SECONDS SEED [FOLDER]\n"), 2;
  Fuzzer fuzzer(count > 3 ? arguments[3] : nullptr, static_cast<unsigned>(std::stoul(arguments[2])));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::stol(arguments[1]));
  std::uint64_t tried = 0, pictures = 0;
  double slowest = 0;
  while (slowest <= slowest_seconds && std::chrono::steady_clock::now() < end) {
    const double before = processor_seconds();
    if (fuzzer.try_one()) ++pictures;
    ++tried;
    slowest = std::max(slowest, processor_seconds() - before);
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{} damaged files, {} of them still pictures, the slowest took {:.2f} s, at most {} MB\n", tried, pictures, slowest, usage.ru_maxrss / 1024);
  return slowest > slowest_seconds || usage.ru_maxrss > most_memory;
}
