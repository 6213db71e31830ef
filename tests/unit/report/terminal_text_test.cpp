#include "report/terminal_text.h"

#include <doctest/doctest.h>

using namespace mlpipe;
using Lines = std::vector<std::string>;

TEST_CASE("lines are cut where they end, whatever the pieces they come in") {
  LineCutter cutter;
  CHECK(cutter.feed("one\ntw") == Lines{"one"});
  CHECK(cutter.feed("o\n\nthree") == Lines{"two", ""});
  CHECK(cutter.flush() == "three");
  CHECK_FALSE(cutter.flush());
}

TEST_CASE("windows line ends are line ends, also when cut in the middle") {
  LineCutter cutter;
  CHECK(cutter.feed("a\r\nb\r") == Lines{"a"});
  CHECK(cutter.feed("\nc") == Lines{"b"});
  CHECK(cutter.flush() == "c");
}

TEST_CASE("a progress bar collapses to its last state") {
  LineCutter cutter;
  CHECK(cutter.feed("\r10%\r20%").empty());
  CHECK(cutter.feed("\r100%\n") == Lines{"100%"});
  CHECK(cutter.feed("1%\r2%\r").empty());
  CHECK(cutter.flush() == "2%");
}

TEST_CASE("a line without end comes in pieces that cut no character") {
  LineCutter cutter;
  std::string line = "x";
  for (std::size_t i = 0; i < LineCutter::longest_line; ++i) line += "é";
  Lines pieces = cutter.feed(line);
  REQUIRE(pieces.size() == 2);
  std::string whole;
  for (const std::string& piece : pieces) {
    CHECK(piece.size() <= LineCutter::longest_line);
    CHECK(harmless(piece) == piece);
    whole += piece;
  }
  CHECK(whole + cutter.flush().value_or("") == line);
}

TEST_CASE("nothing that a step prints can move the cursor or retitle the terminal") {
  CHECK(harmless("\x1b[31mred\x1b[0m") == "red");
  CHECK(harmless("\x1b[2J\x1b[1;1Hgone") == "gone");
  CHECK(harmless("\x1b]0;title\atext") == "text");
  CHECK(harmless("\x1b]0;title\x1b\\text") == "text");
  CHECK(harmless("\x1b") == "");
  CHECK(harmless("\x1b[") == "");
  CHECK(harmless("\x1b]never ended") == "");
  CHECK(harmless("a\bb\x07" "c\x7f") == "a?b?c?");
  CHECK(harmless("\xc2\x9b" "31m") == "?31m");
  CHECK(harmless(std::string("a\0b", 3)) == "a?b");
  CHECK(harmless("tab\there") == "tab\there");
}

TEST_CASE("bytes that are not UTF-8 are replaced, others are kept") {
  CHECK(harmless("gr\xfc\xdf") == "gr\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(harmless("grüß 日本") == "grüß 日本");
  CHECK(harmless("\x9b" "31m") == "\xEF\xBF\xBD" "31m");
}

TEST_CASE("a clipped text never takes more columns than allowed") {
  CHECK(clip("short", 5) == "short");
  CHECK(clip("longer", 5) == "lon…");
  for (std::size_t width = 0; width < 12; ++width) CHECK(columns(clip("日本語のテキスト and more", width)) <= width);
}
