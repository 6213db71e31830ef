// Listings of trees as text.
#include <fmt/format.h>

#include "base/text.h"
#include "reuse/escape.h"
#include "reuse/tree.h"

namespace mlpipe {
namespace {

Error not_a_listing(std::size_t line) { return {ErrorKind::store, fmt::format("a listing of files is damaged at line {}", line), {}}; }

// "<hex> <size> <x|-> <escaped path>"
std::optional<TreeEntry> parse_line(std::string_view line) {
  const auto size_end = line.find(' ', 65);
  if (size_end == std::string_view::npos || line[64] != ' ' || line.size() < size_end + 3 || line[size_end + 2] != ' ') return std::nullopt;
  const auto digest = Digest::parse(line.substr(0, 64));
  const auto size = parse_integer(line.substr(65, size_end - 65));
  const auto path = unescape(line.substr(size_end + 3));
  const char mode = line[size_end + 1];
  if (!digest || !size || *size < 0 || !path || (mode != 'x' && mode != '-')) return std::nullopt;
  return TreeEntry{*path, static_cast<std::uint64_t>(*size), mode == 'x', *digest};
}

}  // namespace

std::string to_text(const Tree& tree) {
  std::string text;
  for (const TreeEntry& entry : tree.entries())
    text += fmt::format("{} {} {} {}\n", entry.digest.hex(), entry.size, entry.executable ? 'x' : '-', escape(entry.path));
  return text;
}

Result<Tree> tree_from_text(std::string_view text) {
  std::vector<TreeEntry> entries;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto entry = end == std::string_view::npos ? std::nullopt : parse_line(text.substr(0, end));
    if (!entry || (!entries.empty() && entries.back().path >= entry->path)) return not_a_listing(entries.size() + 1);
    entries.push_back(*entry);
    text.remove_prefix(end + 1);
  }
  const bool is_file = entries.size() == 1 && entries.front().path.empty();
  if (!is_file && !entries.empty() && entries.front().path.empty()) return not_a_listing(1);
  return make_tree(std::move(entries), is_file);
}

}  // namespace mlpipe
