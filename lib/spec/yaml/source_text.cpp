#include "spec/yaml/source_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mlpipe::spec {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t longest_bracket_run = 200;
constexpr std::size_t longest_caret = 200;

void find_lines(Document& document) {
  document.line_starts = {0};
  for (std::size_t at = document.text.find('\n'); at != std::string::npos; at = document.text.find('\n', at + 1))
    document.line_starts.push_back(at + 1);
}

// yaml-cpp keeps every token in memory until it knows that a bracket is not a key: 1 GB for 5 MB of them.
std::size_t bracket_run(std::string_view text) {
  std::size_t run = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '[' || c == '{') {
      if (++run > longest_bracket_run) return at;
    } else if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      run = 0;
    }
  }
  return std::string_view::npos;
}

std::size_t control_character(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
    if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f) return at;
  }
  return std::string_view::npos;
}

std::string describe_control_character(char c) {
  return c == '\r' ? "a carriage return without a line feed" : fmt::format("control character 0x{:02x}", static_cast<unsigned char>(c));
}

std::string control_character_hint(char c) {
  if (c == '\r') return "save the file with line feeds at the line ends";
  if (c == '\0') return "is this a text file? UTF-16 has to be saved as UTF-8";
  return fmt::format("remove it, or write it as the escape \\x{:02x} in double quotes", static_cast<unsigned char>(c));
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view line_of(const Document& document, int line) {
  const std::string_view rest = std::string_view(document.text).substr(document.line_starts[line - 1]);
  return rest.substr(0, rest.find('\n'));
}

}  // namespace

bool check_bytes(Document& document, Diagnostics& diagnostics) {
  if (document.text.starts_with(byte_order_mark)) document.text.erase(0, byte_order_mark.size());
  find_lines(document);
  const auto fail = [&](std::size_t at, std::string message, std::string hint) {
    diagnostics.error(location(document.place_of(at, 1)), std::move(message), std::move(hint));
    return false;
  };
  if (const auto at = invalid_utf8(document.text)) {
    const auto byte = static_cast<unsigned char>(document.text[*at]);
    std::replace_if(document.text.begin(), document.text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; },
                    '?');  // it gets shown
    return fail(*at, fmt::format("byte 0x{:02x} is not valid UTF-8", byte), "save the file as UTF-8");
  }
  if (const auto at = control_character(document.text); at != std::string::npos)
    return fail(at, describe_control_character(document.text[at]), control_character_hint(document.text[at]));
  if (const auto at = bracket_run(document.text); at != std::string::npos)
    return fail(at, fmt::format("more than {} brackets opened in a row", longest_bracket_run), {});
  return true;
}

std::size_t skip_properties(std::string_view text, std::size_t at) {
  for (;;) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at >= text.size() || (text[at] != '&' && text[at] != '!')) return std::min(at, text.size());
    while (at < text.size() && !is_blank(text[at])) ++at;
  }
}

std::size_t quoted_length(std::string_view text) {
  const char quote = text.front();
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') ++at;
    else if (text[at] == quote && quote == '\'' && at + 1 < text.size() && text[at + 1] == quote) ++at;
    else if (text[at] == quote) return at + 1;
  }
  return 0;
}

std::size_t scalar_length(std::string_view text, std::string_view value) {
  text = text.substr(0, value.size() + longest_caret);  // a file may be one line of 5 MB
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.starts_with('"') || line.starts_with('\'')) return std::min(std::max<std::size_t>(quoted_length(text), 1), line.size());
  if (line.starts_with('|') || line.starts_with('>')) return 1;
  if (!value.empty() && line.starts_with(value)) return value.size();
  return std::max<std::size_t>(trim(line).size(), 1);
}

int tab_indented_line(const Document& document, int first, int line) {
  for (line = std::min<int>(line, document.line_starts.size()); line >= std::max(first, 1); --line) {
    const std::string_view text = line_of(document, line);
    const std::string_view indent = text.substr(0, std::min(text.find_first_not_of(" \t"), text.size()));
    if (indent.find('\t') != std::string_view::npos && !trim(text).empty()) return line;
  }
  return 0;
}

}  // namespace mlpipe::spec
