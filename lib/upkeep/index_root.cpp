#include "upkeep/index_root.h"

#include <fcntl.h>

#include <cstring>
#include <string>

namespace mlpipe {

// "mlpipe index N\n", the root (u32 length, bytes): only as much is read.
std::optional<Path> root_of_index(const Path& file) {
  const auto fd = open_file(file, O_RDONLY);
  std::string front(8192, '\0');
  const auto got = fd ? read_at(fd->get(), 0, front.data(), front.size(), file) : Result<std::size_t>(fd.error());
  if (!got) return std::nullopt;
  front.resize(*got);
  const auto line = front.find('\n');
  std::uint32_t size = 0;
  if (!front.starts_with("mlpipe index 1") || line == std::string::npos || front.size() < line + 1 + sizeof size) return std::nullopt;
  std::memcpy(&size, front.data() + line + 1, sizeof size);
  const std::string root = front.substr(line + 1 + sizeof size, size);
  if (root.size() != size || !root.starts_with('/')) return std::nullopt;
  return Path(root.substr(0, root.find('\n')));  // behind it: the pattern of a scan
}

}  // namespace mlpipe
