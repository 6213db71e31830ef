#include "report/failed_item.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("failed items: what a line says, what it leaves out, and damaged ones") {
  const auto whole = failed_item_of(R"({"mini_batch": 3, "number": 1, "item": "a.txt", "reason": "no", "kind": "exception", "traceback": "12345"})", 3);
  REQUIRE(whole);
  CHECK(whole->item == "a.txt");
  CHECK(whole->mini_batch == 3);
  CHECK(whole->detail == "345");
  CHECK(failed_item_of(R"({"mini_batch": 3, "number": 7})", 9)->item == "item 7");
  CHECK(failed_item_of(R"({"mini_batch": 3, "items": 4, "stderr": "last words"})", 99)->item == "4 items");
  CHECK(failed_item_of(R"({"mini_batch": -1, "item": 5, "items": 2})", 9)->item == "2 items");
  CHECK_FALSE(failed_item_of("{\"mini_b", 9));
  CHECK_FALSE(failed_item_of("[]", 9));
}
