#include "spec/yaml/document.h"

#include <algorithm>

namespace mlpipe::spec {

const Entry* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

Node& Document::add(Node::Kind kind) {
  Node& node = nodes.emplace_back();
  node.kind = kind;
  return node;
}

std::size_t Document::offset(const Place& place) const {
  if (place.line < 1 || static_cast<std::size_t>(place.line) > line_starts.size()) return text.size();
  return std::min(line_starts[place.line - 1] + std::max(place.column, 1) - 1, text.size());
}

std::string_view Document::from(const Place& place) const { return std::string_view(text).substr(offset(place)); }

Place Document::place_of(std::size_t offset, std::size_t length) const {
  const auto after = std::upper_bound(line_starts.begin(), line_starts.end(), offset);
  const auto line = std::max<std::ptrdiff_t>(after - line_starts.begin(), 1);
  const std::size_t start = line_starts.empty() ? 0 : line_starts[line - 1];
  return {this, static_cast<int>(line), static_cast<int>(offset - start + 1), static_cast<int>(std::max<std::size_t>(length, 1))};
}

Location location(const Place& place) {
  return {place.document ? place.document->file : std::string(), place.line, place.column, place.length};
}

}  // namespace mlpipe::spec
