#include "pipeline/partition_format.h"

#include <doctest/doctest.h>

using namespace mlpipe;

namespace {

using Values = std::vector<std::string>;

std::optional<Values> match(const std::string& format, const std::string& path) {
  const auto parsed = PartitionFormat::parse(format);
  if (!parsed) FAIL(parsed.error().message);
  return parsed->match(path);
}

std::string complaint(const std::string& format) {
  const auto parsed = PartitionFormat::parse(format);
  return parsed ? "" : parsed.error().message;
}

}  // namespace

TEST_CASE("a partition format takes its columns from the end of a path") {
  CHECK(match("{user}/{season}/{genres}.wav", "/data/ann/winter/folk.wav") == Values{"ann", "winter", "folk"});
  CHECK(match("/{user}/{season}/{genres}.wav", "ann/winter/folk.wav") == Values{"ann", "winter", "folk"});
  CHECK(match("user={user}/x.csv", "user=a b\n/x.csv") == Values{"a b\n"});
  CHECK(match("{a}", std::string("caf\xe9")) == Values{"caf\xe9"});
  CHECK_FALSE(match("{user}/{season}/x", "winter/x"));
  CHECK_FALSE(match("{user}/x.csv", "ann/y.csv"));
  CHECK_FALSE(match("u{user}/x", "u/x"));
}

TEST_CASE("a column takes as much as it can get within its part of the path") {
  CHECK(match("{name}.{ending}", "v1.2.csv") == Values{"v1.2", "csv"});
  CHECK(match("{a}_{b}-{c}", "1_2_3-4-5") == Values{"1_2", "3-4", "5"});
  CHECK(match("{a}_{b}", std::string(5000, '_')) == Values{std::string(4998, '_'), "_"});
  CHECK_FALSE(match("{a}_{b}_{c}_{d}_{e}_{f}_{g}_{h}!", std::string(2000, '_')));
}

TEST_CASE("times in a path are times") {
  CHECK(match("{country}/{day:yyyy/MM/dd}/data.csv", "in/USA/2019/01/31/data.csv") == Values{"USA", "2019-01-31T00:00:00"});
  CHECK(match("{t:yyyy-MM-dd_HHmmss}.csv", "2020-02-29_235959.csv") == Values{"2020-02-29T23:59:59"});
  CHECK(match("x{y:yyyy}z{n}", "x1999z1") == Values{"1999-01-01T00:00:00", "1"});
  CHECK_FALSE(match("{t:yyyy-MM-dd}.csv", "2019-02-29.csv"));
  CHECK_FALSE(match("{t:yyyy-MM-dd}.csv", "2019-13-01.csv"));
  CHECK_FALSE(match("{t:yyyyHH}", "201924"));
  CHECK_FALSE(match("{t:yyyy}", "19"));
}

TEST_CASE("what is wrong with a partition format is said") {
  CHECK(complaint("x.csv") == "it has no {column}");
  CHECK(complaint("") == "it has no {column}");
  CHECK(complaint("{a}/{a}.csv") == "`{a}` is there twice");
  CHECK(complaint("{a/x") == "`{` without `}` behind it");
  CHECK(complaint("a}/{b}") == "`}` without `{` before it");
  CHECK(complaint("{}/x") == "`{}` does not name a column");
  CHECK(complaint("{a}{b}") == "nothing separates `{b}` from the column before it");
  CHECK(complaint("{a:MM}") == "the time in column `a` has no year");
  CHECK(complaint("{a:yyyy-mn}") == "`m` is no part of a time, in column `a`");
  CHECK(complaint("{a}//x") == "a part of the path is empty");
  CHECK(complaint("{a}/") == "a part of the path is empty");
}
