#include "report/terminal_text.h"

#include "base/csv_text.h"
#include "base/text.h"

namespace mlpipe {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Length of the escape sequence at the start of `text` (which starts with ESC), 1 when it is none that we know.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return 1;
  if (text[1] == '[') {
    const auto end = text.find_first_not_of("0123456789:;<=>?!\"#$%&'()*+,-./ ", 2);
    return end == std::string_view::npos ? text.size() : end + 1;
  }
  if (text[1] == ']') {
    const auto end = text.find_first_of("\a\x1b", 2);
    if (end == std::string_view::npos) return text.size();
    return text[end] == '\a' ? end + 1 : std::min(end + 2, text.size());
  }
  return text[1] >= 0x20 && text[1] < 0x7f ? 2 : 1;
}

bool is_c1_control(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) >= 0x80 && static_cast<unsigned char>(text[1]) < 0xA0;
}

std::string well_formed(std::string_view text) {
  std::string out;
  append_valid(out, text);
  return out;
}

std::size_t character_columns(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (continues(text[at])) return 0;
  const bool from_1100 = lead >= 0xE2 || (lead == 0xE1 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0x84);
  return from_1100 ? 2 : 1;
}

}  // namespace

std::vector<std::string> LineCutter::feed(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto stop = text.find_first_of("\r\n");
    if (stop != 0) append(text.substr(0, stop), lines);
    if (stop == std::string_view::npos) break;
    if (text[stop] == '\n') {
      lines.push_back(std::move(line_));
      line_.clear();
    }
    returned_ = text[stop] == '\r';
    text.remove_prefix(stop + 1);
  }
  return lines;
}

void LineCutter::append(std::string_view text, std::vector<std::string>& lines) {
  if (returned_) line_.clear();
  returned_ = false;
  line_ += text;
  while (line_.size() > longest_line) {
    std::size_t cut = longest_line;
    while (cut > longest_line - 4 && continues(line_[cut])) --cut;
    lines.push_back(line_.substr(0, cut));
    line_.erase(0, cut);
  }
}

std::optional<std::string> LineCutter::flush() {
  returned_ = false;
  if (line_.empty()) return std::nullopt;
  std::string last;
  std::swap(last, line_);
  return last;
}

std::string harmless(std::string_view line) {
  std::string out;
  out.reserve(line.size());
  for (std::size_t at = 0; at < line.size();) {
    const auto c = static_cast<unsigned char>(line[at]);
    if (c == 0x1b) {
      at += escape_length(line.substr(at));
    } else if (is_c1_control(line.substr(at, 2))) {
      out += '?';
      at += 2;
    } else {
      out += (c < 0x20 && c != '\t') || c == 0x7f ? '?' : line[at];
      ++at;
    }
  }
  return invalid_utf8(out) ? well_formed(out) : out;
}

std::string harmless_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) lines.push_back(harmless(line));
  return join(lines, "\n");
}

std::size_t columns(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++at) width += character_columns(text, at);
  return width;
}

std::string clip(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width < 3) return std::string(width, '.');
  std::size_t used = 0, at = 0;
  // "…" counts as two by our own rule, so it never takes the row beyond the edge.
  while (at < text.size() && used + character_columns(text, at) <= width - 2) used += character_columns(text, at++);
  return std::string(text.substr(0, at)) + "…";
}

}  // namespace mlpipe
