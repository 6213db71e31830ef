#include "cli/moment.h"

#include <doctest/doctest.h>

using namespace mlpipe;
using namespace mlpipe::cli;

namespace {

std::string moment(const std::string& text) {
  const auto time = parse_moment(text, parse_utc("2026-11-23T12:00:00.000Z"));
  return time ? format_utc(*time) : "none";
}

}  // namespace

TEST_CASE("a moment may be an age, a time of today, a day, or both") {
  CHECK(moment("90s") == "2026-11-23T11:58:30.000Z");
  CHECK(moment("2h") == "2026-11-23T10:00:00.000Z");
  CHECK(moment("00:15") == "2026-11-23T00:15:00.000Z");
  CHECK(moment("00:15:30Z") == "2026-11-23T00:15:30.000Z");
  CHECK(moment("2026-11-22") == "2026-11-22T00:00:00.000Z");
  CHECK(moment("2026-11-22 10:30") == "2026-11-22T10:30:00.000Z");
  CHECK(moment("2026-11-22T10:30:15Z") == "2026-11-22T10:30:15.000Z");
  CHECK(moment("2026-11-22T10:30:15.123Z") == "2026-11-22T10:30:15.123Z");
}

TEST_CASE("what is no moment is none") {
  for (const char* text : {"", "soon", "5", "m", "-5m", "25:99", "2026-13-01", "2026-11-22T10:30:15.123456Z", "2026-11-22x10:30"}) CHECK_MESSAGE(moment(text) == "none", text);
}
