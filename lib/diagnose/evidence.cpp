#include "diagnose/evidence.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace mlpipe::diagnosis {
namespace {

constexpr std::size_t longest_line = 200;

bool is_python(const Facts::Source& source) { return source.path.ends_with(".py"); }

int line_at(std::string_view text, std::size_t offset) { return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n')); }

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the string that begins at `start` ends: behind its closing quote.
std::size_t end_of_string(std::string_view text, std::size_t start) {
  const char quote = text[start];
  const bool triple = text.substr(start, 3) == std::string(3, quote);
  const std::string closing(triple ? 3 : 1, quote);
  for (std::size_t at = start + closing.size(); at < text.size(); ++at) {
    if (text[at] == '\\') ++at;
    else if (text.substr(at, closing.size()) == closing) return at + closing.size();
    else if (!triple && text[at] == '\n') return at;  // no string, or one that Python refuses
  }
  return text.size();
}

// What stands between the parentheses that open at `open`, nested ones included.
std::string_view arguments_at(std::string_view code, std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t at = open; at < code.size(); ++at) {
    if (code[at] == '(') ++depth;
    if (code[at] == ')' && --depth == 0) return text.substr(open + 1, at - open - 1);
  }
  return {};
}

// Offsets behind `call` wherever it stands in code; not as the end of a longer name.
std::vector<std::size_t> calls(std::string_view code, std::string_view call) {
  std::vector<std::size_t> found;
  for (std::size_t at = code.find(call); at != code.npos; at = code.find(call, at + 1))
    if (at == 0 || !is_name(code[at - 1]) || !is_name(call.front())) found.push_back(at + call.size());
  return found;
}

bool is_append_mode(std::string_view argument) {
  argument = trim(argument);
  if (const auto equals = argument.find('='); equals != argument.npos && trim(argument.substr(0, equals)) == "mode") argument = trim(argument.substr(equals + 1));
  if (argument.size() < 3 || (argument.front() != '"' && argument.front() != '\'') || argument.back() != argument.front()) return false;
  const std::string_view mode = argument.substr(1, argument.size() - 2);
  return mode == "a" || mode == "at" || mode == "ab" || mode == "a+" || mode == "ab+" || mode == "a+b";
}

}  // namespace

std::string words_of(const Facts& facts) { return facts.error + "\n" + facts.traceback + "\n" + facts.output; }

std::string line_with(std::string_view text, std::string_view part) {
  const auto at = text.find(part);
  if (at == text.npos) return {};
  const auto start = text.substr(0, at).rfind('\n') + 1;  // npos + 1: the text's beginning
  const std::string_view line = trim(text.substr(start, text.find('\n', at) - start));
  return std::string(line.substr(0, longest_line)) + (line.size() > longest_line ? "..." : "");
}

std::optional<std::string> between(std::string_view text, std::string_view before, std::string_view after) {
  const auto start = text.find(before);
  if (start == text.npos) return std::nullopt;
  text.remove_prefix(start + before.size());
  const auto end = text.find(after);
  if (end == text.npos) return std::nullopt;
  return std::string(text.substr(0, end));
}

std::string python_code(std::string_view text) {
  std::string code(text);
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (; from < to; ++from)
      if (code[from] != '\n') code[from] = ' ';
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t end = at;
    if (text[at] == '#') end = std::min(text.find('\n', at), text.size());
    if (text[at] == '"' || text[at] == '\'') end = end_of_string(text, at);
    if (end == at) continue;
    blank(at, end);
    at = end - 1;
  }
  return code;
}

std::optional<Found> find_code(const Facts& facts, const std::vector<std::string>& parts) {
  for (const Facts::Source& source : facts.sources) {
    if (!is_python(source)) continue;
    const std::string code = python_code(source.text);
    for (const std::string& part : parts)
      if (const auto found = calls(code, part); !found.empty()) return Found{part, source.path, line_at(code, found.front() - 1)};
  }
  return std::nullopt;
}

std::vector<std::string> declared_options(const Facts& facts) {
  std::vector<std::string> options;
  for (const Facts::Source& source : facts.sources) {
    if (!is_python(source)) continue;
    const std::string code = python_code(source.text);
    for (const std::size_t behind : calls(code, "add_argument("))
      for (const std::string_view argument : split(arguments_at(code, source.text, behind - 1), ',')) {
        const std::string_view word = trim(argument);
        if (word.size() < 4 || (word.front() != '"' && word.front() != '\'') || word[1] != '-') break;  // names come first
        if (word[2] == '-') options.emplace_back(word.substr(1, word.size() - 2));
      }
  }
  return options;
}

std::optional<Found> find_append(const Facts& facts) {
  for (const Facts::Source& source : facts.sources) {
    if (!is_python(source)) continue;
    const std::string code = python_code(source.text);
    for (const std::size_t behind : calls(code, "open("))
      for (const std::string_view argument : split(arguments_at(code, source.text, behind - 1), ','))
        if (is_append_mode(argument)) return Found{"open", source.path, line_at(code, behind)};
  }
  return std::nullopt;
}

}  // namespace mlpipe::diagnosis
