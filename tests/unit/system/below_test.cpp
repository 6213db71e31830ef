#include "system/below.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("a path lies in a folder by its names") {
  CHECK(below("/a/b/c", "/a/b") == Path("c"));
  CHECK(below("/a/b", "/a/b") == Path("."));
  CHECK(below("/a/bc", "/a/b") == std::nullopt);
  CHECK(below("/a", "/a/b") == std::nullopt);
  CHECK(below("a/b", "/a") == std::nullopt);
}
