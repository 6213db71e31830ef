#include "report/vscode.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace mlpipe;
using Json = nlohmann::ordered_json;

namespace {

const AttachTarget score{"score", "/home/me/project/score", "/home/me/project/score", 5678};

Json launch(const std::string& existing, const std::vector<AttachTarget>& targets) {
  const auto file = with_configurations(existing, targets, "/home/me/project");
  REQUIRE(file);
  return Json::parse(file->text);
}

}  // namespace

TEST_CASE("a configuration to paste has whole paths, one of a file those that VS Code can move") {
  const Json pasted = Json::parse(attach_configuration(score));
  CHECK(pasted["type"] == "debugpy");
  CHECK(pasted["request"] == "attach");
  CHECK(pasted["connect"]["port"] == 5678);
  CHECK(pasted["pathMappings"][0]["localRoot"] == "/home/me/project/score");
  const Json written = launch("", {score});
  CHECK(written["version"] == "0.2.0");
  CHECK(written["configurations"][0]["pathMappings"][0]["localRoot"] == "${workspaceFolder}/score");
}

TEST_CASE("a copy is mapped to its source, and a source elsewhere keeps its path") {
  const Json copied = Json::parse(attach_configuration({"score", "/home/me/project/score", "/tmp/x/code", 1}));
  CHECK(copied["pathMappings"][0] == Json({{"localRoot", "/home/me/project/score"}, {"remoteRoot", "/tmp/x/code"}}));
  const Json elsewhere = launch("", {{"s", "/home/me/projects/s", "/home/me/projects/s", 1}, {"root", "/home/me/project", "/home/me/project", 1}});
  CHECK(elsewhere["configurations"][0]["pathMappings"][0]["localRoot"] == "/home/me/projects/s");
  CHECK(elsewhere["configurations"][2]["pathMappings"][0]["localRoot"] == "${workspaceFolder}");
  CHECK_FALSE(Json::parse(attach_configuration({"s", "", "", 1})).contains("pathMappings"));
}

TEST_CASE("what is in the file stays, in its order; a configuration of the same name is the user's") {
  const std::string existing = R"({"z": 1, "configurations": [{"name": "mlpipe: score", "port": 9}, {"name": "mlpipe: start score"}, "odd"], "a": [1.50, "\u00e9"]})";
  const auto file = with_configurations(existing, {score}, "/home/me/project");
  REQUIRE(file);
  CHECK(file->added.empty());
  CHECK(Json::parse(file->text).dump() == Json::parse(existing).dump());
  CHECK(launch(R"({"configurations": null})", {score})["configurations"].size() == 2);
}

TEST_CASE("what starts a step and what attaches to it fit together") {
  const AttachTarget train{"train", "/home/me/project/train", "/home/me/project/train", 5678};
  AttachTarget parallel = score;
  parallel.parallel = true;
  const Json configurations = launch("", {train, parallel})["configurations"];
  const auto file = with_tasks("", {train, parallel}, "other.yaml");
  REQUIRE(file);
  const Json tasks = Json::parse(file->text);
  CHECK(configurations[1]["preLaunchTask"] == tasks["tasks"][0]["label"]);
  CHECK(configurations[3]["preLaunchTask"] == tasks["tasks"][1]["label"]);
  CHECK_FALSE(configurations[0].contains("preLaunchTask"));
  CHECK(tasks["tasks"][0]["args"] == Json({"debug", "train", "--debugpy", "5678", "-f", "other.yaml"}));
  CHECK(tasks["tasks"][1]["args"] == Json({"replay", "score", "--mini-batch", "${input:mlpipe-mini-batch}", "--debugpy", "5678", "-f", "other.yaml"}));
  CHECK(tasks["inputs"][0]["id"] == "mlpipe-mini-batch");
}

TEST_CASE("tasks of the user's stay, and there is no question without a parallel step") {
  const std::string existing = R"({"version": "2.0.0", "tasks": [{"label": "mine"}, {"label": "mlpipe: start score", "args": []}]})";
  const auto file = with_tasks(existing, {score}, "");
  REQUIRE(file);
  CHECK(file->added.empty());
  CHECK(Json::parse(file->text).dump() == Json::parse(existing).dump());
  CHECK_FALSE(with_tasks("// mine\n{}", {score}, ""));
}

TEST_CASE("what is no plain launch.json is refused, not overwritten") {
  for (const char* existing : {"// mine\n{}", "[]", "{\"configurations\": {}}", "{", "\xff", "{\"configurations\": [],}"}) {
    CAPTURE(existing);
    CHECK_FALSE(with_configurations(existing, {score}, "/home/me/project"));
  }
}
