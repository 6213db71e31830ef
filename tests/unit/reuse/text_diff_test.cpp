#include "reuse/text_diff.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "base/text.h"

using namespace mlpipe;

namespace {

std::string diff(std::string_view before, std::string_view after) { return diff_texts(before, after, "a", "b").text; }

// What `patch` makes of `before`; only for texts whose every line has its line feed.
std::string patched(const std::string& before, const std::string& diff) {
  const auto old = split(before, '\n');
  std::string after;
  std::size_t at = 0;
  for (const std::string_view line : split(diff, '\n')) {
    if (line.starts_with("---") || line.starts_with("+++")) continue;
    if (line.starts_with("@@")) {
      const std::string_view range = line.substr(4, line.find(' ', 4) - 4);
      const auto first = static_cast<std::size_t>(*parse_integer(range.substr(0, range.find(','))));
      const std::size_t start = range.ends_with(",0") ? first : first - 1;
      while (at < start) after += std::string(old[at++]) + "\n";
    } else if (line.starts_with("+")) {
      after += std::string(line.substr(1)) + "\n";
    } else if (!line.empty()) {
      REQUIRE(old[at++] == line.substr(1));
      if (line[0] == ' ') after += std::string(line.substr(1)) + "\n";
    }
  }
  while (at + 1 < old.size()) after += std::string(old[at++]) + "\n";
  return after;
}

std::string random_text(std::mt19937& random, int lines, int words) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += std::to_string(random() % static_cast<unsigned>(words)) + "\n";
  return text;
}

}  // namespace

TEST_CASE("text diff: equal texts have none") { CHECK(diff("a\nb\n", "a\nb\n").empty()); }

TEST_CASE("text diff: one changed line among its neighbours") {
  CHECK(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n") ==
        "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST_CASE("text diff: a file that is new, one that is gone, one without a last line feed") {
  CHECK(diff("", "x\n") == "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n");
  CHECK(diff("x\ny\n", "") == "--- a\n+++ b\n@@ -1,2 +0,0 @@\n-x\n-y\n");
  CHECK(diff("x", "x\n") == "--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n");
}

TEST_CASE("text diff: far changes have hunks of their own, near ones share one") {
  const std::string lines = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
  const std::string far = diff(lines, "one\n2\n3\n4\n5\n6\n7\n8\n9\nten\n");
  CHECK(far == "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-10\n+ten\n");
  const std::string near = diff(lines, "one\n2\n3\n4\n5\n6\n7\neight\n9\n10\n");
  CHECK(near.find("@@ -1,10 +1,10 @@") != std::string::npos);
}

TEST_CASE("text diff: it is a shortest one") {
  const TextDiff compared = diff_texts("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", "a", "b");  // of Myers' paper: five
  CHECK(compared.added + compared.removed == 5);
}

TEST_CASE("text diff: patching gives the other text, whatever the texts") {
  std::mt19937 random(7);
  for (int i = 0; i < 400; ++i) {
    const std::string before = random_text(random, static_cast<int>(random() % 40), 6), after = random_text(random, static_cast<int>(random() % 40), 6);
    CHECK(patched(before, diff(before, after)) == after);
  }
}

TEST_CASE("text diff: two large texts without a line in common are replaced as a whole, soon") {
  std::string before, after;
  for (int i = 0; i < 200'000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  const TextDiff compared = diff_texts(before, after, "a", "b");
  CHECK(compared.added == 200'000);
  CHECK(compared.removed == 200'000);
}

TEST_CASE("text diff: what is binary") {
  CHECK(is_binary(std::string_view("a\0b", 3)));
  CHECK(is_binary("\xff\xfe"));
  CHECK(!is_binary("grün\n"));
}
