#include <doctest/doctest.h>

#include "base/shell_words.h"

using namespace mlpipe;

namespace {

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a program and its arguments") {
  CHECK(plain_shell_words("./program --in data/a.txt -n 3\n") == Words{"./program", "--in", "data/a.txt", "-n", "3"});
  CHECK(plain_shell_words("p 'it is' \"two words\" a'b c'd ''") == Words{"p", "it is", "two words", "ab cd", ""});
  CHECK(plain_shell_words("p '$HOME; | <' --set=a=b") == Words{"p", "$HOME; | <", "--set=a=b"});
  CHECK(plain_shell_words("  p\t x  ") == Words{"p", "x"});
}

TEST_CASE("what a shell makes more of") {
  for (const char* command : {"", " \n", "a; b", "a && b", "a | b", "a > f", "a $X", "a \"$X\"", "a `b`", "a *.txt", "a ?", "a [b]", "a {b,c}", "A=b a", "a \\ b",
                              "(a)", "a &", "~/a", "a #b", "a 'open", "a \"open", "''", "a\nb", "a \n b c"})
    CHECK_MESSAGE(!plain_shell_words(command), command);
}
