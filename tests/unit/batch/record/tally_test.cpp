// When too much has failed.
#include <doctest/doctest.h>

#include "batch/record/tally.h"

using namespace mlpipe;

namespace {

ParallelRunConfig config() {
  ParallelRunConfig c;
  c.error_threshold = -1;
  return c;
}

}  // namespace

TEST_CASE("error_threshold counts items: short returns and all of a given-up mini-batch") {
  auto c = config();
  c.error_threshold = 3;
  Tally tally(c, 4, 40);
  tally.finished(10, 2, 8);
  tally.finished(10, 1, 9);
  CHECK_FALSE(tally.exceeded());
  tally.finished(10, 1, 9);
  REQUIRE(tally.exceeded());
  CHECK(tally.exceeded()->kind == ErrorKind::threshold);
  CHECK(tally.exceeded()->message == "4 items failed, error_threshold allows 3");
  Tally other(c, 4, 40);
  other.given_up(10);
  CHECK(other.exceeded());
  CHECK(other.counts().failed_items == 10);
  CHECK(other.counts().failed_mini_batches == 1);
}

TEST_CASE("-1 ignores a threshold; allowed_failed_count counts mini-batches") {
  auto c = config();
  Tally tally(c, 4, 40);
  tally.given_up(10);
  CHECK_FALSE(tally.exceeded());
  c.allowed_failed_count = 1;
  Tally counted(c, 4, 40);
  counted.finished(10, 10, 0);  // failed items are no failed mini-batch
  counted.given_up(10);
  CHECK_FALSE(counted.exceeded());
  counted.given_up(10);
  REQUIRE(counted.exceeded());
}

TEST_CASE("a percentage is judged at the end only") {
  auto c = config();
  c.allowed_failed_percent = 25;
  Tally tally(c, 4, 40);
  tally.given_up(10);
  tally.given_up(10);
  CHECK_FALSE(tally.exceeded());
  REQUIRE(tally.verdict());
  CHECK(tally.verdict()->message == "2 of 4 mini-batches failed for good (50 %), allowed_failed_percent is 25");
  Tally quarter(c, 4, 40);
  quarter.given_up(10);
  CHECK_FALSE(quarter.verdict());
}

TEST_CASE("append_row without one succeeded item fails, summary_only does not") {
  auto c = config();
  Tally rows(c, 1, 10);
  rows.finished(10, 10, 0);
  REQUIRE(rows.verdict());
  CHECK(rows.verdict()->kind == ErrorKind::step_failed);
  c.output_action = OutputAction::summary_only;
  Tally summary(c, 1, 10);
  summary.finished(10, 10, 0);
  CHECK_FALSE(summary.verdict());
}
