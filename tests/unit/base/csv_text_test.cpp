#include "base/csv_text.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("quoted fields of a table may hold anything") {
  const auto records = read_csv("a,b\r\n1,\"x, \"\"y\"\"\nz\"\n,\nhalf a li");
  REQUIRE(records.size() == 3);
  CHECK(records[0] == std::vector<std::string>{"a", "b"});
  CHECK(records[1] == std::vector<std::string>{"1", "x, \"y\"\nz"});
  CHECK(records[2] == std::vector<std::string>{"", ""});
}
