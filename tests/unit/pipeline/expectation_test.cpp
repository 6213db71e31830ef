#include <doctest/doctest.h>

#include <cmath>

#include "pipeline/expectation.h"

using namespace mlpipe;

namespace {

std::string missed(const std::string& written, std::optional<double> found, Expectation::Of of = Expectation::Of::metric) {
  const auto limit = parse_limit(written);
  REQUIRE(limit);
  return shortfall({of, "accuracy", *limit, written, {}}, found);
}

bool holds(const std::string& written, double found) { return missed(written, found).empty(); }

}  // namespace

TEST_CASE("a limit is a number or a comparison with one") {
  for (const char* text : {"360", "== 360", "=360", " >=0.97 ", "!= 0", "< 1e-3", "> -2", "<= 5"}) CHECK_MESSAGE(parse_limit(text), text);
  for (const char* text : {"", ">=", "0.97 <=", ">= x", "=> 1", "1 2", "nan", ">= inf", ">> 1", "97 %"}) CHECK_MESSAGE(!parse_limit(text), text);
}

TEST_CASE("comparisons at their borders") {
  CHECK(holds("360", 360));
  CHECK_FALSE(holds("360", 359));
  CHECK(holds(">= 0.97", 0.97));
  CHECK_FALSE(holds("> 0.97", 0.97));
  CHECK(holds("<= 3", 3));
  CHECK_FALSE(holds("< 3", 3));
  CHECK(holds("!= 3", 2));
  CHECK_FALSE(holds("!= 3", 3));
}

TEST_CASE("what is no number meets nothing") {
  for (const char* text : {"1", "!= 1", ">= 1", "<= 1", "> 1", "< 1"}) CHECK_FALSE(holds(text, std::nan("")));
  CHECK(missed(">= 1", std::nan("")) == "accuracy nan, expected >= 1");
  CHECK(holds(">= 1", INFINITY));
  CHECK(missed("<= 1", INFINITY) == "accuracy inf, expected <= 1");
}

TEST_CASE("by how much it is missed") {
  CHECK(missed("360", 358, Expectation::Of::rows) == "358 rows, expected 360 (2 too few)");
  CHECK(missed("0", 1, Expectation::Of::failed_items) == "1 failed item, expected 0 (1 too many)");
  CHECK(missed(">= 0.97", 0.952) == "accuracy 0.952, expected >= 0.97 (0.018 too low)");
  CHECK(missed("<= 0.1", 0.3) == "accuracy 0.3, expected <= 0.1 (0.2 too high)");
  CHECK(missed("> 0.97", 0.97) == "accuracy 0.97, expected > 0.97");
  CHECK(missed("!= 0", 0) == "accuracy 0, expected != 0");
  CHECK(missed(">= 0.97", {}) == "accuracy was never tracked, expected >= 0.97");
}
