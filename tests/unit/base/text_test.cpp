#include <doctest/doctest.h>

#include "base/text.h"

using namespace mlpipe;

TEST_CASE("trim and split") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim(" \n") == "");
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',').size() == 1);
}

TEST_CASE("numbers are whole texts") {
  CHECK(parse_integer("-12") == -12);
  CHECK(parse_integer("+12") == 12);
  for (const char* bad : {"", "+", "1 ", " 1", "1x", "0x1", "99999999999999999999"}) CHECK_FALSE(parse_integer(bad));
  CHECK(parse_number("1e-3") == 1e-3);
  for (const char* bad : {"", "nan", "inf", "1e999", "1,5", "1e"}) CHECK_FALSE(parse_number(bad));
}

TEST_CASE("a shell reads back what was quoted") {
  CHECK(shell_quote("a/b-c_1.txt") == "a/b-c_1.txt");
  CHECK(shell_quote("") == "''");
  CHECK(shell_quote("it's $x") == "'it'\\''s $x'");
  CHECK(shell_quote("a\nb") == "'a\nb'");
  CHECK(shell_quote("~") == "'~'");
}

TEST_CASE("the nearest name is one that differs in at most a third of its letters") {
  const std::vector<std::string> names = {"command", "timeout", "inputs", "outputs"};
  CHECK(nearest("comand", names) == "command");
  CHECK(nearest("COMMAND", names) == "command");
  CHECK(nearest("input", names) == "inputs");
  CHECK(nearest("tiemout", names) == "timeout");
  CHECK(nearest("banana", names) == "");
  CHECK(nearest(std::string(10'000, 'x'), names) == "");
  CHECK(suggestion("comand", names) == "did you mean `command`?");
  CHECK(suggestion("banana", names) == "one of: command, timeout, inputs, outputs");
  CHECK(suggestion("banana", {}) == "");
}

TEST_CASE("malformed UTF-8 is found at its first byte") {
  CHECK_FALSE(invalid_utf8("plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  CHECK(invalid_utf8("ab\xFF") == 2);
  CHECK(invalid_utf8("\xC3") == 0);
  CHECK(invalid_utf8("\xC0\xAF") == 0);          // an overlong slash
  CHECK(invalid_utf8("a\xED\xA0\x80") == 1);     // a surrogate
  CHECK(invalid_utf8("\xF4\x90\x80\x80") == 0);  // beyond U+10FFFF
}

TEST_CASE("plurals") {
  CHECK(plural(1, "file") == "1 file");
  CHECK(plural(0, "file") == "0 files");
  CHECK(plural(2, "mini-batch") == "2 mini-batches");
}
