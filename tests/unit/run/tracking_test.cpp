#include <doctest/doctest.h>

#include <cmath>
#include <limits>

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
  const std::string id = run.filename().string();
  REQUIRE(make_dirs(experiment / "models/m-1/metrics"));
  REQUIRE(write_file(experiment / "models/m-1/metrics/repeated", "1 0.5 0 " + id + "\n"));
  REQUIRE(write_file(experiment / "models/m-1/metrics/at once", "1 0.5 0 " + id + "\n"));
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

TEST_CASE("every value is kept: of one moment, infinite ones, and what a model alone has of a run's") {
  const Tracked tracked;
  const auto variables = tracked.variables();
  const Path experiment = tracked.folder / "mlflow" / *environment_value(variables, "MLFLOW_EXPERIMENT_ID");
  const std::string id = *environment_value(variables, "MLFLOW_RUN_ID");
  REQUIRE(write_file(experiment / id / "metrics/x", "1 0.0 0\n1 1.0 0\n1 0.0 0\n1 1.0 0\n"));
  REQUIRE(write_file(experiment / id / "metrics/loss", "1 0.5 0\n2 inf 0\n"));
  REQUIRE(write_file(experiment / id / "metrics/gain", "1 -inf 0\n"));
  REQUIRE(write_file(experiment / id / "metrics/direct", "1 3.0 0\n"));
  REQUIRE(make_dirs(experiment / "models/m-1/metrics"));
  REQUIRE(write_file(experiment / "models/m-1/metrics/direct", "1 3.0 0 " + id + "\n"));
  const auto series = tracked.tracking.series(tracked.step.name);
  CHECK(series.at("x").size() == 4);
  CHECK(series.at("direct").size() == 1);
  const auto last = tracked.tracking.metrics(tracked.step);
  CHECK(last.at("x") == 1);
  CHECK(last.at("loss") == std::numeric_limits<double>::infinity());
  CHECK(last.at("gain") == -std::numeric_limits<double>::infinity());
}

TEST_CASE("a name that is no path is read from the file itself") {
  const Tracked tracked;
  const auto variables = tracked.variables();
  const Path run = tracked.folder / "mlflow" / *environment_value(variables, "MLFLOW_EXPERIMENT_ID") / *environment_value(variables, "MLFLOW_RUN_ID");
  REQUIRE(make_dirs(run / "unplaced/metrics"));
  REQUIRE(write_file(run / "unplaced/metrics/a", "../x\\ny\\\\\n1 2.0 0\n2 3.0 0\n"));
  REQUIRE(write_file(run / "unplaced/metrics/b", "\n1 5.0 0\n"));
  REQUIRE(write_file(run / "unplaced/metrics/torn", "name"));
  const auto metrics = tracked.tracking.metrics(tracked.step);
  CHECK(metrics.size() == 2);
  CHECK(metrics.at("../x\ny\\") == 3);
  CHECK(metrics.at("") == 5);
}

namespace {

// What a worker tracks inside of run().
void track(const Path& experiment, const std::string& session, const std::string& of, const std::string& line) {
  const auto append = [](const Path& file, const std::string& text) {
    const auto before = read_file(file);
    REQUIRE(write_file(file, (before ? *before : "") + text));
  };
  append(experiment / "tries", session + " " + of + " - " + line + " seen\n");
  append(experiment / session / "metrics/seen", line + "\n");
}

std::vector<double> values(const Tracking& tracking, const std::string& step) {
  std::vector<double> found;
  const auto series = tracking.series(step);
  if (series.contains("seen"))
    for (const MetricPoint& point : series.at("seen")) found.push_back(point.value);
  return found;
}

}  // namespace

TEST_CASE("of a mini-batch's tries the good one counts; of none that is good, the last") {
  const Tracked tracked;
  const auto variables = tracked.variables();
  const Path experiment = tracked.folder / "mlflow" / *environment_value(variables, "MLFLOW_EXPERIMENT_ID");
  const std::string session = *environment_value(variables, "MLFLOW_RUN_ID");
  tracked.tracking.try_failed(tracked.step.name, 0, 1);  // tracked nothing
  track(experiment, session, "0 1", "1 10.0 0");
  tracked.tracking.try_failed(tracked.step.name, 0, 1);
  track(experiment, session, "0 2", "2 11.0 0");
  for (const int attempt : {1, 2}) {
    track(experiment, session, "1 " + std::to_string(attempt), std::to_string(attempt + 2) + " " + std::to_string(attempt) + " 0");
    tracked.tracking.try_failed(tracked.step.name, 1, static_cast<std::uint32_t>(attempt));
  }
  track(experiment, session, "2 1", "8 30.0 0");
  tracked.tracking.try_failed(tracked.step.name, 2, 1);  // memory ran out: it was not to blame, and is tried again under the same number
  track(experiment, session, "2 1", "9 31.0 0");
  CHECK(values(tracked.tracking, tracked.step.name) == std::vector<double>{11, 2, 31});
}

TEST_CASE("what an unfinished attempt tracked comes along, but for mini-batches that are scored anew") {
  const test::TempFolder folder;
  const Path state = folder / "state";
  REQUIRE(make_dirs(state));
  Step step;
  step.name = "score";
  const auto begin = [&](const std::string& id) {
    Tracking tracking(folder / "runs" / id);
    RunHeader run;
    run.id = id;
    const auto variables = tracking.variables(run, step, {});
    REQUIRE(variables);
    REQUIRE(tracking.go_on(state, step.name));
    return std::pair(tracking, *environment_value(*variables, "MLFLOW_RUN_ID"));
  };
  const auto experiment = [&](const std::string& id, const std::string& session) { return folder / "runs" / id / "mlflow" / session.substr(session.rfind('-') + 1); };
  const auto [first, first_session] = begin("r-1");
  track(experiment("r-1", first_session), first_session, "0 1", "1 10.0 0");
  track(experiment("r-1", first_session), first_session, "1 1", "2 20.0 0");  // was killed before its rows were kept
  const Path repeated = experiment("r-1", first_session) / first_session / "metrics/repeated", model = experiment("r-1", first_session) / "models/m/metrics";
  REQUIRE(write_file(repeated, "1 0.5 0\n1 0.5 0\n"));
  REQUIRE(make_dirs(model));
  REQUIRE(write_file(model / "repeated", "1 0.5 0 " + first_session + "\n"));
  const auto [second, second_session] = begin("r-2");
  CHECK(values(second, step.name) == std::vector<double>{10, 20});
  CHECK(second.series(step.name).at("repeated").size() == 1);
  track(experiment("r-2", second_session), second_session, "1 1", "3 21.0 0");
  CHECK(values(second, step.name) == std::vector<double>{10, 21});
  const auto [third, third_session] = begin("r-3");
  REQUIRE(third.go_on(state, step.name));  // once more: it has them
  CHECK(values(third, step.name) == std::vector<double>{10, 21});
  CHECK(values(first, step.name) == std::vector<double>{10, 20});
}

TEST_CASE("secrets in names and values are replaced, numbers stay") {
  const Tracked tracked;
  const auto variables = tracked.variables();
  const Path experiment = tracked.folder / "mlflow" / *environment_value(variables, "MLFLOW_EXPERIMENT_ID");
  const Path run = experiment / *environment_value(variables, "MLFLOW_RUN_ID");
  for (const char* part : {"metrics/x12", "unplaced/metrics", "unplaced/tags"}) REQUIRE(make_dirs(run / part));
  REQUIRE(write_file(run / "metrics/m12", "12 1 0\n"));
  REQUIRE(write_file(run / "metrics/x12/deep", "12 2 0\n"));
  REQUIRE(write_file(run / "tags/t", "a 12"));
  REQUIRE(write_file(run / "params/p12", "12"));
  REQUIRE(make_dirs(experiment / "models/m-1/params"));
  REQUIRE(write_file(experiment / "models/m-1/params/p", "12"));
  REQUIRE(write_file(run / "unplaced/metrics/a", "/12\n12 3 0\n"));
  REQUIRE(write_file(run / "unplaced/tags/a", "/t\n12"));
  REQUIRE(write_file(experiment / "tries", "s 12 1 - 12 12 12 m12\ns 12 1 failed\n"));
  tracked.tracking.edit_texts(tracked.step.name, {{"12", "***"}});
  const auto metrics = tracked.tracking.metrics(tracked.step);
  CHECK(metrics == std::map<std::string, double>{{"m***", 1}, {"x***/deep", 2}, {"/***", 3}});
  CHECK_FALSE(path_exists(run / "metrics/x12"));
  CHECK(*read_file(run / "tags/t") == "a ***");
  CHECK(*read_file(experiment / "models/m-1/params/p") == "***");
  CHECK(*read_file(run / "params/p***") == "***");
  CHECK(*read_file(run / "unplaced/tags/a") == "/t\n***");
  CHECK(*read_file(experiment / "tries") == "s 12 1 - 12 12 12 m***\ns 12 1 failed\n");
}
