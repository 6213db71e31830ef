#include "system/process_io.h"

#include <fmt/format.h>

#include <cstdlib>

#include "system/files.h"

namespace mlpipe {
namespace {

std::uint64_t number_behind(const std::string& text, const char* name) {
  const auto at = text.find(name);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + std::char_traits<char>::length(name), nullptr, 10);
}

}  // namespace

WriteCounts writes_of(pid_t pid) {
  const auto text = read_file(fmt::format("/proc/{}/io", pid));
  if (!text) return {};
  return {number_behind(*text, "syscw: "), number_behind(*text, "wchar: ")};
}

}  // namespace mlpipe
