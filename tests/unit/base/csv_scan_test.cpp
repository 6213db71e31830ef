#include "base/csv_scan.h"

#include <doctest/doctest.h>

#include <random>

using namespace mlpipe;

namespace {

using Records = std::vector<std::string>;

// A reader of one byte after the other that knows nothing of blocks, searches or caches. The last of the pair: closed.
std::pair<Records, bool> slow_records(std::string_view text, char delimiter) {
  Records records;
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < text.size()) {
    const auto begin = at;
    bool field_start = true, quoted = false;
    while (at < text.size()) {
      const char byte = text[at];
      if (quoted) {
        if (byte != '"') ++at;
        else if (at + 1 < text.size() && text[at + 1] == '"') at += 2;
        else quoted = false, field_start = false, ++at;
        continue;
      }
      if (byte == '\n' || byte == '\r') break;
      quoted = byte == '"' && field_start;
      field_start = byte == delimiter;
      ++at;
    }
    if (quoted) return {records, false};
    const std::string_view line = text.substr(begin, at - begin);
    if (at < text.size()) at += text.substr(at).starts_with("\r\n") ? 2 : 1;
    const auto blanks = delimiter == '\t' ? " " : delimiter == ' ' ? "\t" : " \t";
    if (line.find_first_not_of(blanks) != std::string_view::npos) records.emplace_back(text.substr(begin, at - begin));
  }
  return {records, true};
}

// `cuts`: where a piece ends and the next begins.
std::pair<Records, bool> scanned(RowScanner& scanner, std::string_view text, std::size_t piece) {
  Records records;
  std::uint64_t last = 0;
  const RowScanner::Sink sink = [&](std::uint64_t begin, std::uint64_t end) {
    REQUIRE(begin >= last);
    REQUIRE(end > begin);
    REQUIRE(end <= text.size());
    last = end;
    records.emplace_back(text.substr(begin, end - begin));
  };
  for (std::size_t at = 0; at < text.size(); at += piece) scanner.feed(text.substr(at, piece), sink);
  const bool closed = scanner.finish(sink);
  return {records, closed};
}

Records csv(std::string_view text, char delimiter = ',') {
  CsvScanner scanner(delimiter);
  return scanned(scanner, text, text.size() + 1).first;
}

}  // namespace

TEST_CASE("records end with any line break, and not within quotes") {
  CHECK(csv("a,b\n1,2\n") == Records{"a,b\n", "1,2\n"});
  CHECK(csv("a\r\nb\rc") == Records{"a\r\n", "b\r", "c"});
  CHECK(csv("\"a\nb\",c\n\"d\"\"\n\"\n") == Records{"\"a\nb\",c\n", "\"d\"\"\n\"\n"});
  CHECK(csv("x,\"1\r\n2\"\r\ny") == Records{"x,\"1\r\n2\"\r\n", "y"});
}

TEST_CASE("a stray quote within a field is text") {
  CHECK(csv("5\" pipe,1\nother,\"2\n3\"\n") == Records{"5\" pipe,1\n", "other,\"2\n3\"\n"});
  CHECK(csv("\"a\"b\"c\nd\n") == Records{"\"a\"b\"c\n", "d\n"});
  CHECK(csv(" \"a\nb\"\n") == Records{" \"a\n", "b\"\n"});
}

TEST_CASE("blank lines are no records, a byte order mark is skipped, and odd bytes are text") {
  CHECK(csv("\n\r\n  \t\na\n\n \nb") == Records{"a\n", "b"});
  CHECK(csv("\xef\xbb\xbf\"x\ny\"\nz\n") == Records{"\"x\ny\"\n", "z\n"});
  CHECK(csv("\t\t\n \n", '\t') == Records{"\t\t\n"});
  CHECK(csv(std::string_view("a\0b\n\0\n", 6)) == Records{std::string("a\0b\n", 4), std::string("\0\n", 2)});
  CHECK(csv("").empty());
  CHECK(csv("\xef\xbb\xbf").empty());
  CHECK(csv("\xef\xbb") == Records{"\xef\xbb"});
}

TEST_CASE("a quote without end is noticed") {
  CsvScanner scanner(',');
  const auto [records, closed] = scanned(scanner, "a\n\"b\nc", 3);
  CHECK(records == Records{"a\n"});
  CHECK_FALSE(closed);
  CHECK(scanner.row_begin() == 2);
}

TEST_CASE("the scanner finds what a reader of single bytes finds, however the file is cut into pieces") {
  std::mt19937 random(7);
  const std::string_view alphabet("a\",\n\r \t\"\n,b;\"\xef\xbb\xbf\0", 17);
  for (int turn = 0; turn < 60000; ++turn) {
    std::string text = turn % 5 == 0 ? "\xef\xbb\xbf" : "";
    const auto letters = turn % 3 == 0 ? 6u : static_cast<unsigned>(alphabet.size());
    for (auto left = random() % 40; left > 0; --left) text += alphabet[random() % letters];
    const char delimiter = ",;\t "[random() % 4];
    CAPTURE(text);
    CAPTURE(delimiter);
    const auto wanted = slow_records(text, delimiter);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1} + random() % 7, text.size() + 1}) {
      CsvScanner scanner(delimiter);
      REQUIRE(scanned(scanner, text, piece) == wanted);
    }
  }
}

TEST_CASE("fields lose their quotes") {
  CHECK(csv_fields("a,\"b,\"\"c\n\",,d\"e\r\n", ',') == Records{"a", "b,\"c\n", "", "d\"e"});
  CHECK(csv_fields("\"a\"b\"", ',') == Records{"ab\""});
  CHECK(csv_fields("", ',') == Records{""});
}

TEST_CASE("JSON lines are lines with something on them") {
  for (const std::size_t piece : {1, 3, 100}) {
    LineScanner scanner;
    CHECK(scanned(scanner, "{}\n\n \r\n{\"a\":\"\\n\"}\r\n  {}", piece).first == Records{"{}\n", "{\"a\":\"\\n\"}\r\n", "  {}"});
  }
}
