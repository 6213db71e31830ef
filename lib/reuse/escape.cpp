#include "reuse/escape.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

bool needs_escape(char c) { return c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void append_escaped(std::string& out, char c) {
  if (needs_escape(c)) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  else out += c;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::string escape(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t good = invalid_utf8(bytes).value_or(bytes.size());
    for (const char c : bytes.substr(0, good)) append_escaped(out, c);
    bytes.remove_prefix(good);
    if (bytes.empty()) break;
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    bytes.remove_prefix(1);
  }
  return out;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (text.size() < i + 4 || text[i + 1] != 'x') return std::nullopt;
    const int high = nibble(text[i + 2]), low = nibble(text[i + 3]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 3;
  }
  return out;
}

}  // namespace mlpipe
