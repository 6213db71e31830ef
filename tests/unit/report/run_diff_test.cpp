#include "report/run_diff.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("metrics: numbers by their joined names, and nothing else") {
  const auto metrics = metrics_in(R"({"accuracy": 0.5, "test": {"loss": 1, "name": "x", "per class": [3, null, 4]}, "ok": true})");
  CHECK(metrics == std::map<std::string, double>{{"accuracy", 0.5}, {"test.loss", 1}, {"test.per class.0", 3}, {"test.per class.2", 4}});
  CHECK(metrics_in("7") == std::map<std::string, double>{{"", 7}});
}

TEST_CASE("metrics: what is no JSON, or nested without end, has none") {
  CHECK(metrics_in("").empty());
  CHECK(metrics_in("accuracy: 1").empty());
  CHECK(metrics_in("{\"a\": \xff}").empty());
  CHECK(metrics_in(std::string(100'000, '[')).empty());
  CHECK(metrics_in(std::string(1000, '[') + "1" + std::string(1000, ']')).empty());
}
