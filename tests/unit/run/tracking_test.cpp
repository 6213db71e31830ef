#include <doctest/doctest.h>

#include <cmath>

#include "run/tracking.h"
#include "support/temp_folder.h"
#include "system/process.h"

using namespace mlpipe;

namespace {

struct Tracked {
  test::TempFolder folder;
  Tracking tracking{folder.path()};
  RunHeader run;
  Step step;

  Tracked() {
    run.id = "20260101-000000-000";
    run.pipeline = "it's";
    step.name = "train.model";
  }
  std::vector<std::string> variables(const std::vector<std::string>& environment = {}) const {
    auto found = tracking.variables(run, step, environment);
    REQUIRE(found);
    return found.take();
  }
};

}  // namespace

TEST_CASE("a step is led to a run of its own, which is there, in one store of the run") {
  const Tracked tracked;
  const auto variables = tracked.variables();
  const std::string experiment = *environment_value(variables, "MLFLOW_EXPERIMENT_ID"), id = *environment_value(variables, "MLFLOW_RUN_ID");
  CHECK(environment_value(variables, "MLFLOW_TRACKING_URI") == "file://" + (tracked.folder / "mlflow").string());
  CHECK(is_file(tracked.folder / "mlflow" / experiment / "meta.yaml"));
  CHECK(is_file(tracked.folder / "mlflow" / experiment / id / "meta.yaml"));
  CHECK(is_folder(tracked.folder / "mlflow" / experiment / id / "artifacts"));
}

TEST_CASE("a tracking server that the environment names is left alone") {
  const Tracked tracked;
  CHECK(tracked.variables({"MLFLOW_TRACKING_URI=http://x"}) == std::vector<std::string>{"MLPIPE_STAND_INS=" + (tracked.folder / "stand-ins").string()});
  CHECK_FALSE(path_exists(tracked.folder / "mlflow"));
}

TEST_CASE("a step's metrics are the last values of its run, then of others that it started") {
  const Tracked tracked;
  const auto variables = tracked.variables();
  const Path experiment = tracked.folder / "mlflow" / *environment_value(variables, "MLFLOW_EXPERIMENT_ID");
  const Path run = experiment / *environment_value(variables, "MLFLOW_RUN_ID");
  CHECK(tracked.tracking.metrics(tracked.step).empty());
  REQUIRE(write_file(run / "metrics/rmse", "1 0.5 0\n2 0.25 1\n"));
  REQUIRE(make_dirs(run / "metrics/test"));
  REQUIRE(write_file(run / "metrics/test/bad", "1 nan 0\n"));
  REQUIRE(write_file(run / "metrics/torn", "1"));
  REQUIRE(write_file(run / "metrics/repeated", "1 0.5 0\n2 0.25 1\n1 0.5 0\n"));  // as mlflow 3 does when a model is logged
  REQUIRE(write_file(run / "metrics/at once", "1 0.5 0\n1 0.25 0\n1 0.5 0\n"));
  REQUIRE(make_dirs(experiment / "0child/metrics"));
  REQUIRE(write_file(experiment / "0child/metrics/rmse", "1 9 0\n"));
  REQUIRE(write_file(experiment / "0child/metrics/more", "1 7 0\n"));
  const auto metrics = tracked.tracking.metrics(tracked.step);
  CHECK(metrics.size() == 5);
  CHECK(metrics.at("repeated") == 0.25);
  CHECK(metrics.at("at once") == 0.25);
  CHECK(metrics.at("rmse") == 0.25);
  CHECK(metrics.at("more") == 7);
  CHECK(std::isnan(metrics.at("test/bad")));
}
