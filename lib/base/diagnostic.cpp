#include "base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace mlpipe {
namespace {

constexpr std::size_t widest_line = 120;

std::string_view nth_line(std::string_view source, int line) {
  for (; line > 1; --line) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  return source.substr(0, source.find('\n'));
}

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = c == '\t' || c == '\r' ? ' ' : '?';
  return shown;
}

// UTF-8 continuation bytes take no column of their own on the terminal.
std::size_t display_width(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::string excerpt(const Location& where, std::string_view source) {
  std::string_view line = nth_line(source, where.line);
  if (line.empty() || where.column < 1 || static_cast<std::size_t>(where.column) > line.size() + 1) return {};
  std::size_t before = where.column - 1;
  std::string lead;
  if (before > widest_line / 2) {
    std::size_t cut = before - widest_line / 2;
    while (cut < before && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) ++cut;
    line.remove_prefix(cut);
    before -= cut;
    lead = "...";
  }
  std::size_t keep = std::min(line.size(), widest_line);
  while (keep < line.size() && (static_cast<unsigned char>(line[keep]) & 0xC0) == 0x80) ++keep;
  const std::string tail = keep < line.size() ? "..." : "";
  line = line.substr(0, keep);
  const std::size_t marked = std::min<std::size_t>(std::max(where.length, 1), std::max<std::size_t>(line.size() - std::min(before, line.size()), 1));
  const std::size_t width = std::max<std::size_t>(display_width(line.substr(std::min(before, line.size()), marked)), 1);
  return fmt::format("  {}{}{}\n  {}^{}\n", lead, printable(line), tail, std::string(lead.size() + display_width(line.substr(0, before)), ' '),
                     std::string(width - 1, '~'));
}

std::string place(const Location& where) {
  if (where.line <= 0) return where.file;
  return fmt::format("{}:{}:{}", where.file, where.line, std::max(where.column, 1));
}

}  // namespace

void Diagnostics::error(const Location& where, std::string message, std::string hint) {
  all_.push_back({Severity::error, where, std::move(message), std::move(hint)});
  ++errors_;
}

void Diagnostics::warning(const Location& where, std::string message, std::string hint) {
  all_.push_back({Severity::warning, where, std::move(message), std::move(hint)});
}

void Diagnostics::sort() {
  const auto key = [](const Diagnostic& d) { return std::tie(d.where.file, d.where.line, d.where.column, d.message); };
  std::stable_sort(all_.begin(), all_.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  all_.erase(std::unique(all_.begin(), all_.end(), [&](const auto& a, const auto& b) { return key(a) == key(b); }), all_.end());
}

std::string render(const Diagnostic& diagnostic, std::string_view source, bool colour) {
  const bool error = diagnostic.severity == Severity::error;
  const std::string_view word = error ? "error" : "warning";
  const std::string shown_word = colour ? fmt::format("\x1b[1;{}m{}\x1b[0m", error ? 31 : 33, word) : std::string(word);
  std::string text = fmt::format("{}: {}: {}\n", place(diagnostic.where), shown_word, diagnostic.message);
  if (diagnostic.where.line > 0) text += excerpt(diagnostic.where, source);
  if (!diagnostic.hint.empty()) text += fmt::format("  hint: {}\n", diagnostic.hint);
  return text;
}

}  // namespace mlpipe
