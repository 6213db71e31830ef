#include "report/markup.h"

#include "base/csv_text.h"

namespace mlpipe {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

void add(std::string& out, char c) {
  switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\'': out += "&#39;"; break;
    case '\t':
    case '\n': out += c; break;
    default: static_cast<unsigned char>(c) < ' ' || c == 127 ? out += replacement : out += c;
  }
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string valid, out;
  append_valid(valid, text);
  for (const char c : valid) add(out, c);
  for (const char* none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
    for (auto at = out.find(none); at != std::string::npos; at = out.find(none, at)) out.replace(at, 3, replacement);
  return out;
}

}  // namespace mlpipe
