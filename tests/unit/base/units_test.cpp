#include <doctest/doctest.h>

#include "base/units.h"

using namespace mlpipe;

TEST_CASE("mini_batch_size: a count, or bytes with a unit and no blank") {
  CHECK(parse_count_or_bytes("10")->value == 10);
  CHECK(parse_count_or_bytes("10")->is_count);
  CHECK(parse_count_or_bytes("10kb")->value == 10 * 1024);
  CHECK(parse_count_or_bytes("1MB")->value == 1 << 20);
  CHECK_FALSE(parse_count_or_bytes("2Gb")->is_count);
  for (const char* bad : {"", "kb", "10 kb", "10kbkb", "-1", "1.5mb", "10k", "99999999999gb", "9999999999999999999999"})
    CHECK_FALSE(parse_count_or_bytes(bad));
}

TEST_CASE("sizes and times for people") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1536) == "1.5 KB");
  CHECK(format_bytes((1 << 20) - 1) == "1.0 MB");
  CHECK(format_bytes(~std::uint64_t{0}) == "16.0 EB");
  CHECK(format_seconds(Seconds(0.0031)) == "3 ms");
  CHECK(format_seconds(Seconds(0.9999)) == "1.00 s");
  CHECK(format_seconds(Seconds(59.996)) == "1 m 00 s");
  CHECK(format_seconds(Seconds(125)) == "2 m 05 s");
  CHECK(format_seconds(Seconds(3720)) == "1 h 02 m");
}
