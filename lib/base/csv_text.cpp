#include "base/csv_text.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

// No early return: the compiler makes vector instructions of it, and most texts are plain.
bool plain_ascii(std::string_view text, char special) {
  bool plain = true;
  for (const char c : text) plain &= (c >= ' ') & (c < 127) & (c != '"') & (c != special);
  return plain;
}

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (byte < ' ') {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
  } else {
    out += c;
  }
}

}  // namespace

void append_valid(std::string& out, std::string_view text) {
  while (const auto bad = invalid_utf8(text)) {
    out += text.substr(0, *bad);
    out += "\xEF\xBF\xBD";
    text.remove_prefix(*bad + 1);
  }
  out += text;
}

void append_csv(std::string& out, std::string_view field) {
  if (plain_ascii(field, ',')) {
    out += field;
    return;
  }
  std::string valid;
  append_valid(valid, field);
  append_quoted(out, valid);
}

void append_quoted(std::string& out, std::string_view field) {
  out += '"';
  for (;;) {
    const auto quote = field.find('"');
    out += field.substr(0, quote);
    if (quote == std::string_view::npos) break;
    out += "\"\"";
    field.remove_prefix(quote + 1);
  }
  out += '"';
}

std::vector<std::vector<std::string>> read_csv(std::string_view text) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> record(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') record.back() += text[++i];
    else if (c == '"') quoted = !quoted;
    else if (quoted || (c != ',' && c != '\n' && c != '\r')) record.back() += c;
    else if (c == ',') record.emplace_back();
    else if (c == '\n') records.push_back(std::exchange(record, std::vector<std::string>(1)));
  }
  return records;
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  if (plain_ascii(text, '\\')) {
    out += text;
  } else {
    auto bad = invalid_utf8(text);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (bad && at == *bad) {
        fmt::format_to(std::back_inserter(out), "\\udc{:02x}", static_cast<unsigned char>(text[at]));
        if ((bad = invalid_utf8(text.substr(at + 1)))) *bad += at + 1;
      } else {
        append_escaped(out, text[at]);
      }
    }
  }
  out += '"';
}

}  // namespace mlpipe
