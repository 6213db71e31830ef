#include "base/shell_place.h"

#include "base/text.h"

namespace mlpipe {

void ShellPlace::pass(std::string_view text) {
  for (const char c : text) {
    const bool word_begins = begins_word_;
    begins_word_ = quotes_ == Quotes::none && !escaped_ && (c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '(');
    if (comment_) {
      comment_ = c != '\n';
    } else if (c == '#' && word_begins) {
      comment_ = true;
    } else if (escaped_) {
      escaped_ = false;
    } else if (c == '\\' && quotes_ != Quotes::single_) {
      escaped_ = true;
    } else if (c == '\'' && quotes_ != Quotes::double_) {
      quotes_ = quotes_ == Quotes::single_ ? Quotes::none : Quotes::single_;
    } else if (c == '"' && quotes_ != Quotes::single_) {
      quotes_ = quotes_ == Quotes::double_ ? Quotes::none : Quotes::double_;
    }
  }
}

std::string ShellPlace::quoted(std::string_view value) const {
  if (quotes_ == Quotes::none) return shell_quote(value);
  std::string out;
  for (const char c : value) {
    if (quotes_ == Quotes::single_ && c == '\'') {
      out += "'\\''";
    } else {
      if (quotes_ == Quotes::double_ && std::string_view("\\\"$`").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace mlpipe
