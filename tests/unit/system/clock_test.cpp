#include "system/clock.h"

#include <doctest/doctest.h>

using namespace mlpipe;

namespace {

WallTime at(std::int64_t milliseconds) { return WallTime(std::chrono::milliseconds(milliseconds)); }

}  // namespace

TEST_CASE("times are written in UTC to the millisecond") {
  CHECK(format_utc(at(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(format_utc(at(1795392930123)) == "2026-11-23T00:15:30.123Z");
  CHECK(format_stamp(at(1795392930123)) == "20261123-001530-123");
  CHECK(format_utc(at(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("what is finer than a millisecond is cut off, never rounded up") {
  CHECK(format_utc(at(999) + std::chrono::microseconds(999)) == "1970-01-01T00:00:00.999Z");
}

TEST_CASE("a written time reads back") {
  for (const std::int64_t time : {0LL, 1795392930123LL, 951782400000LL, -1LL}) CHECK(parse_utc(format_utc(at(time))) == at(time));
}

TEST_CASE("malformed times are the epoch") {
  for (const char* text : {"", "2026-11-23", "2026-11-23T00:15:30Z", "2026-13-01T00:00:00.000Z", "2026-06-31T00:00:00.000Z",
                           "2026-11-23T24:00:00.000Z", "2026-11-23T00:15:30.123z", "+026-11-23T00:15:30.123Z", " 2026-11-23T00:15:30.12Z"})
    CHECK_MESSAGE(parse_utc(text) == WallTime{}, text);
}

TEST_CASE("the real clock moves on") {
  const auto first = Clock::real().steady();
  CHECK(Clock::real().steady() >= first);
  CHECK(Clock::real().wall() > at(1700000000000));
}
