// A regular expression that lines are held against: POSIX extended, as `grep -E` takes it. (std::regex needs a stack as long as the line.)
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mlpipe {

class LinePattern {
 public:
  // Kind usage: it is none; the message says what is wrong with it.
  static Result<LinePattern> parse(const std::string& text);

  bool matches(std::string_view line) const;

 private:
  struct Compiled;
  explicit LinePattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace mlpipe
