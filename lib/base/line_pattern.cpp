#include "base/line_pattern.h"

#include <fmt/format.h>
#include <regex.h>

#include <array>

namespace mlpipe {

struct LinePattern::Compiled {
  regex_t regex{};
  bool good = false;

  ~Compiled() {
    if (good) ::regfree(&regex);
  }
};

Result<LinePattern> LinePattern::parse(const std::string& text) {
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
