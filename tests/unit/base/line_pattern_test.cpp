#include "base/line_pattern.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("a line matches as grep -E would have it") {
  const auto pattern = LinePattern::parse("loss: [0-9]+|^WARN");
  REQUIRE(pattern);
  CHECK(pattern->matches("epoch 1 loss: 12"));
  CHECK(pattern->matches("WARNING"));
  CHECK_FALSE(pattern->matches("a WARNING"));
  CHECK_FALSE(pattern->matches(""));
}

TEST_CASE("only the line itself is looked at, also one with a zero byte") {
  const auto pattern = LinePattern::parse("b$");
  REQUIRE(pattern);
  CHECK(pattern->matches(std::string_view("abc").substr(0, 2)));
  CHECK(pattern->matches(std::string_view("a\0b", 3)));
}

TEST_CASE("what is no expression is a mistake of usage that says what is wrong") {
  const auto pattern = LinePattern::parse("(a");
  REQUIRE_FALSE(pattern);
  CHECK(pattern.error().kind == ErrorKind::usage);
  CHECK(pattern.error().message.find("`(a` is no regular expression: ") == 0);
}

TEST_CASE("a line of megabytes needs no stack") {
  const auto pattern = LinePattern::parse("(a|b)*c");
  REQUIRE(pattern);
  CHECK_FALSE(pattern->matches(std::string(300'000, 'd')));
}

TEST_CASE("patterns that would take all memory, or the stack, are refused") {
  CHECK_FALSE(LinePattern::parse(std::string(100'000, '(')));
  CHECK_FALSE(LinePattern::parse("(((a{1,255}){1,255}){1,255}){1,255}"));
  CHECK_FALSE(LinePattern::parse("((a{300}){300})"));
  CHECK(LinePattern::parse("([0-9]{1,3}[.]){3}[0-9]{1,3} a{2,} (x|y){0,40}"));
}
