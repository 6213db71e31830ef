// The check sum of journal records.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "batch/record/crc32c.h"

using namespace mlpipe;

TEST_CASE("crc-32c: the known value, in pieces, and both twins alike at every length and alignment") {
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c_by_table("123456789") == 0xe3069283u);
  CHECK(crc32c("6789", crc32c("12345")) == 0xe3069283u);
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(i * 37);
  for (std::size_t start = 0; start < 9; ++start)
    for (std::size_t size = 0; start + size < bytes.size(); ++size) {
      const auto part = std::string_view(bytes).substr(start, size);
      REQUIRE(crc32c(part, 7) == crc32c_by_table(part, 7));
    }
}
