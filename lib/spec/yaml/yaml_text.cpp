#include "spec/yaml/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace mlpipe::spec {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < ' ') out += fmt::format("\\x{:02x}", c);
    else out += c;
  }
  return out + '"';
}

bool is_plain(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
}

bool is_block(const Node& node) { return (node.kind == Node::Kind::map && !node.entries.empty()) || (node.kind == Node::Kind::sequence && !node.items.empty()); }

std::string in_one_line(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "null";
    case Node::Kind::map: return "{}";
    case Node::Kind::sequence: return "[]";
    case Node::Kind::scalar: return quoted(node.text);
  }
  return {};
}

void write(const Node& node, const std::string& indent, std::string& out) {
  const auto below = [&](const std::string& before, const Value& value) {
    out += indent + before + (is_block(*value.node) ? "\n" : " " + in_one_line(*value.node) + "\n");
    if (is_block(*value.node)) write(*value.node, indent + "  ", out);
  };
  if (!is_block(node)) out += indent + in_one_line(node) + "\n";
  for (const Entry& entry : node.entries) below((is_plain(entry.key) ? entry.key : quoted(entry.key)) + ":", entry.value);
  for (const Value& item : node.items) below("-", item);
}

}  // namespace

std::string yaml_text(const Value& value) {
  std::string out;
  write(*value.node, "", out);
  return out;
}

}  // namespace mlpipe::spec
