#include "base/shell_words.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr std::string_view blanks = " \t";  // a line end begins another command

bool is_plain(char c) { return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("-_./,:+@%=").find(c) != std::string_view::npos; }

// Takes one word, which may consist of several quoted parts.
std::optional<std::string> take_word(std::string_view& rest) {
  std::string word;
  while (!rest.empty() && blanks.find(rest[0]) == std::string_view::npos) {
    const char quote = rest[0];
    if (quote != '\'' && quote != '"') {
      if (!is_plain(quote)) return std::nullopt;
      word += quote;
      rest.remove_prefix(1);
      continue;
    }
    const auto end = rest.find(quote, 1);
    const std::string_view inside = rest.substr(1, end == std::string_view::npos ? end : end - 1);
    if (end == std::string_view::npos || (quote == '"' && inside.find_first_of("$`\\!") != std::string_view::npos)) return std::nullopt;
    word += inside;
    rest.remove_prefix(end + 1);
  }
  return word;
}

}  // namespace

std::optional<std::vector<std::string>> plain_shell_words(std::string_view command) {
  std::vector<std::string> words;
  for (command = trim(command); !command.empty(); command.remove_prefix(std::min(command.find_first_not_of(blanks), command.size()))) {
    auto word = take_word(command);
    if (!word) return std::nullopt;
    words.push_back(std::move(*word));
  }
  if (words.empty() || words[0].empty() || words[0].find('=') != std::string::npos) return std::nullopt;
  return words;
}

}  // namespace mlpipe
