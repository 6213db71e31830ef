#include "diagnose/shell_command.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace mlpipe {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_setting(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == word.npos || equals == 0) return false;
  return std::ranges::all_of(word.substr(0, equals), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::string first_word(std::string_view part) {
  for (const std::string_view word : split(part, ' '))
    if (const auto name = trim(word); !name.empty() && name != "\\" && !is_setting(name)) return std::string(name);
  return {};
}

std::string script_in(std::string_view part) {
  for (const std::string& word : command_words_in(part))
    if (word.ends_with(".py")) return word;
  return {};
}

// A word of the shell's own grammar where a command should be.
bool is_grammar(std::string_view word) {
  constexpr std::array<std::string_view, 11> words = {"if", "while", "until", "for", "case", "select", "function", "!", "{", "eval", "trap"};
  return std::ranges::find(words, word) != words.end() || word.starts_with('(');
}

// Cuts a command at its operators.
class Cutter {
 public:
  explicit Cutter(std::string_view command) : text_(command) {}

  std::optional<std::vector<CommandPart>> parts() {
    while (at_ < text_.size())
      if (!step()) return std::nullopt;
    end_part("", 0);
    if (!parts_.empty()) parts_.back().behind.clear();  // nothing follows it
    const bool grammar = std::ranges::any_of(parts_, [](const CommandPart& part) { return is_grammar(part.word); });
    return quote_ != 0 || grammar ? std::nullopt : std::optional(std::move(parts_));
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void end_part(std::string behind, std::size_t width) {
    const std::string word = first_word(text_.substr(begin_, at_ - begin_));
    if (!word.empty()) parts_.push_back({word, script_in(text_.substr(begin_, at_ - begin_)), std::move(behind)});  // else a line's end behind `&&`, or a blank line
    at_ += width;
    begin_ = at_;
  }

  void skip_comment() {
    end_part("\n", 0);
    at_ = begin_ = std::min(text_.find('\n', at_), text_.size());
  }

  // One character, or one operator. False: it cannot be followed.
  bool step() {
    const char c = peek(), next = peek(1);
    if (c == '`' && quote_ != '\'') return false;
    if (c == '$' && next == '(' && quote_ != '\'') return false;
    if (c == '\\' && quote_ != '\'') return at_ += 2, true;
    if (quote_ != 0 || c == '\'' || c == '"') return step_quote(c), true;
    if (c == '#' && (at_ == begin_ || is_blank(text_[at_ - 1]))) return skip_comment(), true;
    return step_operator(c, next);
  }

  void step_quote(char c) {
    if (quote_ == 0) quote_ = c;
    else if (quote_ == c) quote_ = 0;
    ++at_;
  }

  bool step_operator(char c, char next) {
    if ((c == '|' && next == '|') || (c == '<' && next == '<') || (c == ';' && next == ';')) return false;
    if (c == '>' && (next == '|' || next == '&')) return at_ += 2, true;
    if (c == '&' && next == '>') return at_ += 2, true;
    if (c == '&' && next == '&') return end_part("&&", 2), true;
    if (c == '&') return false;
    if (c == '|') return end_part("|", next == '&' ? 2 : 1), true;
    if (c == ';' || c == '\n') return end_part(std::string(1, c), 1), true;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0, begin_ = 0;
  char quote_ = 0;
  std::vector<CommandPart> parts_;
};

}  // namespace

std::optional<std::vector<CommandPart>> command_parts(std::string_view command) { return Cutter(command).parts(); }

std::vector<std::string> command_words_in(std::string_view command) {
  std::string text(command);
  std::ranges::replace_if(text, [](char c) { return std::string_view("\t\r\n'\";&|<>()").find(c) != std::string_view::npos; }, ' ');
  std::vector<std::string> words;
  for (const std::string_view word : split(text, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

}  // namespace mlpipe
