#include "cli/followed_log.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/temp_folder.h"

using namespace mlpipe;
using namespace mlpipe::cli;

namespace {

constexpr const char* time_of_all = "2026-11-23T00:15:30.000Z";

struct Followed {
  test::TempFolder folder;
  FollowedLog log;
  std::string got;
  int pieces = 0;

  Followed(const std::string& text, const std::string& index, LogFilter filter)
      : log(folder.write("log", text), folder.write("index", index), std::move(filter), {}, {}) {}

  bool more() { return log.more([this](std::string_view lines) { return take(lines); }).take(); }
  void rest() { CHECK(log.rest([this](std::string_view lines) { return take(lines); })); }

 private:
  Status take(std::string_view lines) {
    pieces += !lines.empty();
    got += lines;
    return {};
  }
};

}  // namespace

TEST_CASE("an index that is longer than its log does not fall behind it") {
  std::string text, index, wanted;
  for (std::size_t line = 0; line < 2 * Tail::piece / 40; ++line) {
    index += fmt::format("{} {} out process000 {}\n", text.size(), time_of_all, line % 2);
    text += fmt::format("{} of {}\n", line, line % 2);
    if (line % 2) wanted += fmt::format("{} of 1\n", line);
  }
  REQUIRE(index.size() > 2 * Tail::piece);
  LogFilter filter;
  filter.mini_batch = 1;
  Followed followed(text, index, filter);
  followed.rest();
  CHECK((followed.got == wanted));
}

TEST_CASE("a long log comes in pieces, one at a time, and a line without its end as soon as it is there") {
  const std::string text(Tail::piece + 10, 'x');
  Followed followed(text, "", {});
  CHECK(followed.more());
  CHECK(followed.got.size() == Tail::piece);
  CHECK(followed.more());
  CHECK((followed.got == text));
  CHECK_FALSE(followed.more());
  followed.rest();
  CHECK((followed.got == text + "\n"));
  CHECK(followed.pieces == 3);
}
