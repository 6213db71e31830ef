#include "azure/yaml_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace mlpipe::azure {
namespace {

bool is_plain(std::string_view text) {
  const auto safe = [](unsigned char c) { return std::isalnum(c) || std::string_view("_./${}").find(static_cast<char>(c)) != std::string_view::npos; };
  if (text.empty() || !(std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '$' || text[0] == '.')) return false;
  if (text[0] == '.' && text.size() > 1 && text[1] != '/' && text[1] != '.') return false;  // .5 is a number
  if (text.starts_with("${") && !text.starts_with("${{")) return false;
  if (!std::all_of(text.begin(), text.end(), safe)) return false;
  const std::string word = lower(text);
  return word != "true" && word != "false" && word != "null" && word != "yes" && word != "no" && word != "on" && word != "off" && word != ".nan" && word != ".inf";
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += fmt::format("\\{}", c);
    else if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else out += c;
  }
  return out + "\"";
}

void YamlWriter::open(std::string_view key) {
  plain(key, "");
  ++depth_;
}

void YamlWriter::text(std::string_view key, std::string_view value) { plain(key, yaml_scalar(value)); }

void YamlWriter::plain(std::string_view key, std::string_view value) {
  text_ += fmt::format("{:{}}{}:{}{}\n", "", 2 * depth_, yaml_scalar(key), value.empty() ? "" : " ", value);
}

void YamlWriter::list(std::string_view key, const std::vector<std::string>& values) {
  std::vector<std::string> items;
  for (const std::string& value : values) items.push_back(yaml_scalar(value));
  plain(key, fmt::format("[{}]", join(items, ", ")));
}

}  // namespace mlpipe::azure
