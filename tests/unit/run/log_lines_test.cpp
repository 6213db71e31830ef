#include "run/log_lines.h"

#include <doctest/doctest.h>

using namespace mlpipe;

namespace {

WallTime at(const char* time) { return parse_utc(std::string("2026-11-23T") + time + "Z"); }

PrintMark mark(std::uint64_t offset, const char* time, bool is_stderr = false, const std::string& process = "", std::optional<std::uint64_t> mini_batch = {}) {
  return {offset, at(time), is_stderr, process, mini_batch};
}

// In pieces of every size, which must make no difference.
std::string chosen(const LogFilter& filter, const std::vector<PrintMark>& marks, const std::string& text, std::vector<std::pair<WallTime, WallTime>> windows = {}) {
  std::string first;
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LogLines lines(filter, {}, windows);
    lines.add(marks);
    std::string found;
    for (std::size_t i = 0; i < text.size(); i += size) found += lines.feed(std::string_view(text).substr(i, size));
    found += lines.flush();
    if (size == 1) first = found;
    CHECK(found == first);
  }
  return first;
}

}  // namespace

TEST_CASE("one stream of two that are mixed, also within a line") {
  const std::vector<PrintMark> marks{mark(0, "00:00:00.000"), mark(3, "00:00:00.000", true), mark(7, "00:00:00.000")};
  LogFilter filter;
  filter.stderr_only = true;
  CHECK(chosen(filter, marks, "outerr\nput\n") == "err\n");
  CHECK(chosen({}, marks, "outerr\nput\n") == "outerr\nput\n");
}

TEST_CASE("one process, one mini-batch") {
  const std::vector<PrintMark> marks{mark(0, "00:00:00.000", false, "process000", 1), mark(2, "00:00:00.000", false, "process000", 2), mark(4, "00:00:00.000", false, "process001", 2)};
  LogFilter filter;
  filter.mini_batch = 2;
  CHECK(chosen(filter, marks, "a\nb\nc\n") == "b\nc\n");
  filter.process = "process001";
  CHECK(chosen(filter, marks, "a\nb\nc\n") == "c\n");
}

TEST_CASE("lines are as old as the index says; without one as they say themselves, else as the line before them") {
  LogFilter filter;
  filter.since = at("00:00:05.000");
  CHECK(chosen(filter, {mark(0, "00:00:00.000"), mark(4, "00:00:06.000")}, "old\nnew\n") == "new\n");
  // What stands behind a mark was printed within a second of it.
  CHECK(chosen(filter, {mark(0, "00:00:03.900"), mark(4, "00:00:04.100")}, "old\nnew\n") == "new\n");
  CHECK(chosen(filter, {}, "no time\n2026-11-23 00:00:04,999 old\nwith it\n2026-11-23T00:00:05.000Z new\nwith it\n") == "2026-11-23T00:00:05.000Z new\nwith it\n");
}

TEST_CASE("a time at the beginning of a line may be local, or of anything: the index knows better") {
  LogFilter filter;
  filter.since = at("00:00:05.000");
  CHECK(chosen(filter, {mark(0, "00:00:06.000")}, "1999-01-01 00:00:00,000 new\n") == "1999-01-01 00:00:00,000 new\n");
  CHECK(chosen(filter, {mark(0, "00:00:00.000")}, "2099-01-01 00:00:00,000 old\nold\n") == "");
}

TEST_CASE("a carriage return ends a line, and with a line feed they are one end") {
  LogFilter filter;
  auto pattern = LinePattern::parse("^5.%$");
  REQUIRE(pattern);
  filter.pattern = pattern.take();
  CHECK(chosen(filter, {}, "49%\r50%\r51%\r\n52%\n60%\r") == "50%\r51%\r\n52%\n");
}

TEST_CASE("without an index the lines of a mini-batch are those of its times") {
  LogFilter filter;
  filter.mini_batch = 3;
  const std::string text = "no time\n2026-11-23 00:15:29,999|before\n2026-11-23 00:15:30,000|begins\nbelongs to it\n2026-11-23T00:15:31.000 ends\n2026-11-23 00:15:31,001|after\n";
  CHECK(chosen(filter, {}, text, {{at("00:15:30.000"), at("00:15:31.000")}}) == "2026-11-23 00:15:30,000|begins\nbelongs to it\n2026-11-23T00:15:31.000 ends\n");
  CHECK(chosen(filter, {}, text) == "");
}

TEST_CASE("a pattern sees lines without their ends, and the last one without any") {
  LogFilter filter;
  auto pattern = LinePattern::parse("b$");
  REQUIRE(pattern);
  filter.pattern = pattern.take();
  CHECK(chosen(filter, {}, "ab\nba\nb") == "ab\nb\n");
}
