#include "base/line_pattern.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mlpipe {

struct LinePattern::Compiled {
  regex_t regex{};
  bool good = false;

  ~Compiled() {
    if (good) ::regfree(&regex);
  }
};

namespace {

constexpr std::size_t longest = 1000, most_repeats = 50'000;

// The C library goes down one call a bracket, and writes each repetition out: "((a{1,255}){1,255}){1,255}" takes gigabytes.
bool is_too_large(std::string_view text) {
  std::size_t most = 1, of_groups = 1;
  for (std::size_t at = text.find('{'); at != text.npos && of_groups <= most_repeats; at = text.find('{', at + 1)) {
    const auto end = std::min(text.find('}', at), text.size());
    const auto comma = text.substr(at + 1, end - at - 1).find(',');
    const std::string_view bound = text.substr(at + 1, end - at - 1).substr(comma == text.npos ? 0 : comma + 1);
    const auto times = static_cast<std::size_t>(std::clamp<std::int64_t>(parse_integer(bound).value_or(1), 1, most_repeats));
    if (at > 0 && text[at - 1] == ')') of_groups *= times;
    else most = std::max(most, times);
  }
  return text.size() > longest || of_groups * most > most_repeats;
}

}  // namespace

Result<LinePattern> LinePattern::parse(const std::string& text) {
  if (is_too_large(text)) return Error{ErrorKind::usage, "this regular expression is too large", "look for a part of it"};
  auto compiled = std::make_shared<Compiled>();
  const int failed = ::regcomp(&compiled->regex, text.c_str(), REG_EXTENDED | REG_NOSUB);
  if (failed != 0) {
    std::array<char, 128> why{};
    ::regerror(failed, &compiled->regex, why.data(), why.size());
    return Error{ErrorKind::usage, fmt::format("`{}` is no regular expression: {}", text, why.data()), "as `grep -E` takes them; a backslash before ( [ { * + ? | . makes them ordinary"};
  }
  compiled->good = true;
  return LinePattern(std::move(compiled));
}

bool LinePattern::matches(std::string_view line) const {
  regmatch_t range{0, static_cast<regoff_t>(line.size())};
  return ::regexec(&compiled_->regex, line.data(), 0, &range, REG_STARTEND) == 0;
}

}  // namespace mlpipe
