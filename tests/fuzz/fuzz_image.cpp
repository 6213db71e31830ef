// Damages small real images of each format at random, and decodes, turns, resizes and crops what is left: nothing may crash, hang or take
// memory out of proportion. Meant for -DMLPIPE_SANITIZE=address,undefined; scripts/fuzz runs it.
//   fuzz_image SECONDS SEED [FOLDER]      FOLDER: more images to begin with
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>

#include "scoring/image/image_input.h"
#include "system/files.h"
#include "unit/scoring/pillow_goldens.h"

using namespace mlpipe;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double slowest_seconds = 20;  // of one file, sanitizers and 178 million pixels included

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

class Fuzzer {
 public:
  Fuzzer(std::vector<std::string> originals, unsigned seed) : originals_(std::move(originals)), random_(seed) {}

  std::string next() {
    std::string file = originals_[below(originals_.size())];
    for (std::size_t i = 0, count = 1 + below(6); i < count && !file.empty(); ++i) damage(file);
    return file;
  }

  ImageInput input() {
    ImageSpec spec;
    spec.mode = below(3) == 0 ? "L" : "RGB";
    spec.exif = below(2) == 0;
    if (below(2) == 0) spec.resize = {static_cast<int>(1 + below(60))};
    if (below(4) == 0) spec.resize = {static_cast<int>(1 + below(60)), static_cast<int>(1 + below(60))};
    if (below(2) == 0) spec.crop = {static_cast<int>(1 + below(50))};
    return ImageInput::make(spec).take();
  }

 private:
  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
  // Headers are at the start: half of all damage is there.
  std::size_t place(const std::string& file) { return below(below(2) == 0 ? std::min<std::size_t>(file.size(), 64) : file.size()); }

  void damage(std::string& file) {
    static constexpr std::string_view numbers[] = {{"\0\0\0\0", 4}, {"\xff\xff\xff\xff", 4}, {"\x7f\xff\xff\xff", 4}, {"\0\1\0\0", 4}, {"\xff\xff\xff\x7f", 4}, {"\x01\0", 2}, {"\x40\0", 2}, {"\xff\xda", 2}};
    const std::size_t at = place(file), length = std::min(file.size() - at, 1 + below(16));
    switch (below(7)) {
      case 0: file[at] = static_cast<char>(file[at] ^ 1 << below(8)); break;
      case 1: file[at] = static_cast<char>(below(256)); break;
      case 2: file.erase(at, length); break;
      case 3: file.insert(at, file.substr(place(file), length)); break;
      case 4: file.resize(at); break;
      case 5: splice(file, at); break;
      default: {
        const auto number = numbers[below(std::size(numbers))];
        file.replace(at, number.size(), number);
      }
    }
  }

  // The start of this one, the rest of another.
  void splice(std::string& file, std::size_t at) {
    const std::string& other = originals_[below(originals_.size())];
    file = file.substr(0, at) + other.substr(std::min(at, other.size()));
  }

  std::vector<std::string> originals_;
  std::mt19937_64 random_;
};

// Where the last input lies, should the process end.
void note(const std::string& file) {
  if (FILE* out = std::fopen("fuzz_image.last", "wb")) {
    std::fwrite(file.data(), 1, file.size(), out);
    std::fclose(out);
  }
}

bool try_one(const ImageInput& input, const std::string& file) {
  const auto image = input.load(file);
  if (!image) return false;
  std::vector<float> values(image->pixels.size());
  input.write(*image, values.data());
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return std::fprintf(stderr, "usage: fuzz_image SECONDS SEED [FOLDER]\n"), 2;
  Fuzzer fuzzer(originals(count > 3 ? arguments[3] : nullptr), static_cast<unsigned>(std::stoul(arguments[2])));
  const auto end = Clock::now() + std::chrono::seconds(std::stol(arguments[1]));
  std::uint64_t tried = 0, pictures = 0;
  double slowest = 0;
  for (auto before = Clock::now(); before < end; ++tried) {
    const std::string file = fuzzer.next();
    note(file);
    if (try_one(fuzzer.input(), file)) ++pictures;
    const auto after = Clock::now();
    slowest = std::max(slowest, std::chrono::duration<double>(after - before).count());
    before = after;
  }
  fmt::print("{} damaged files, {} of them still pictures, the slowest took {:.2f} s\n", tried, pictures, slowest);
  return slowest > slowest_seconds;
}
