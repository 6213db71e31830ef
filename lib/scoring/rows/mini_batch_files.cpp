#include "scoring/rows/mini_batch_files.h"

#include <fmt/format.h>

#include <cstring>

namespace mlpipe {
namespace {

constexpr std::size_t extension_size = 16;
constexpr std::size_t length_at = extension_size, first_at = length_at + 8, items_at = first_at + 4;

template <class Number>
void put(Number number, char* to) {
  std::memcpy(to, &number, sizeof number);
}

template <class Number>
Number number_at(std::string_view header, std::size_t at) {
  Number number;
  std::memcpy(&number, header.data() + at, sizeof number);
  return number;
}

Error no_files() { return {ErrorKind::step_failed, "a worker gave something else than the files of a mini-batch", "the scoring module belongs to another version of mlpipe"}; }

}  // namespace

std::string MiniBatchFile::name(std::uint64_t mini_batch) const {
  if (items == 0) return fmt::format("mini_batch_{:06}.{}", mini_batch, extension);
  return fmt::format("mini_batch_{:06}_{:07}-{:07}.{}", mini_batch, first_item, std::uint64_t{first_item} + items - 1, extension);
}

void append_mini_batch_file(std::string_view extension, std::string_view bytes, std::string& files) {
  char header[MiniBatchFile::header_size] = {};
  extension.copy(header, extension_size - 1);
  put(static_cast<std::uint64_t>(bytes.size()), header + length_at);
  files.append(header, sizeof header);
  files.append(bytes);
}

Result<MiniBatchFile> parse_mini_batch_file(std::string_view header) {
  if (header.size() < MiniBatchFile::header_size) return no_files();
  const std::string_view extension = header.substr(0, header.substr(0, extension_size).find('\0'));
  if (extension.empty() || extension.size() >= extension_size || extension.find_first_not_of("abcdefghijklmnopqrstuvwxyz.") != std::string_view::npos) return no_files();
  return MiniBatchFile{std::string(extension), number_at<std::uint64_t>(header, length_at), number_at<std::uint32_t>(header, first_at),
                       number_at<std::uint32_t>(header, items_at)};
}

Status mark_as_part(std::uint32_t first_item, std::uint32_t items, std::string& files) {
  for (std::size_t at = 0; at < files.size();) {
    MLPIPE_TRY(const MiniBatchFile file, parse_mini_batch_file(std::string_view(files).substr(at)));
    if (file.length > files.size() - at - MiniBatchFile::header_size) return no_files();
    put(first_item, files.data() + at + first_at);
    put(items, files.data() + at + items_at);
    at += MiniBatchFile::header_size + file.length;
  }
  return {};
}

}  // namespace mlpipe
