// Random damage to real files, the same for the same seed: for programs that look for input which crashes a reader.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "system/fd.h"

namespace mlpipe::fuzz {

class Damage {
 public:
  explicit Damage(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }

  // One of the originals with some damage, seldom none. `words`: what matters to the format and is put in here and there.
  std::string next(const std::vector<std::string>& originals, const std::vector<std::string>& words) {
    std::string bytes = originals[below(originals.size())];
    for (std::size_t i = 0, count = below(7); i < count && !bytes.empty(); ++i) damage(bytes, originals, words);
    return bytes;
  }

 private:
  void damage(std::string& bytes, const std::vector<std::string>& originals, const std::vector<std::string>& words) {
    const std::size_t at = below(bytes.size()), length = std::min(bytes.size() - at, 1 + below(16));
    switch (below(8)) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8)); break;
      case 1: bytes[at] = static_cast<char>(below(256)); break;
      case 2: bytes.erase(at, length); break;
      case 3: bytes.insert(at, bytes.substr(below(bytes.size()), length)); break;
      case 4: bytes.resize(at); break;
      case 5: bytes.insert(at, words[below(words.size())]); break;
      case 6: bytes.replace(at, length, words[below(words.size())]); break;
      default: {
        const std::string& other = originals[below(originals.size())];
        bytes = bytes.substr(0, at) + other.substr(std::min(at, other.size()));
      }
    }
  }

  std::mt19937_64 random_;
};

// The input that is tried, in a file of the working folder, for the case that it ends the program. The file stays open: some file
// systems sync one that is written anew.
class LastInput {
 public:
  explicit LastInput(const char* path) : file_(::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (!file_) throw std::runtime_error(std::string("cannot write ") + path);
  }

  void keep(const std::string& bytes) {
    const bool written = ::pwrite(file_.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
    if (!written || ::ftruncate(file_.get(), static_cast<off_t>(bytes.size())) != 0) throw std::runtime_error("cannot write the input that is tried");
  }

 private:
  Fd file_;
};

}  // namespace mlpipe::fuzz
