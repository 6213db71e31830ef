#include "report/vscode.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace mlpipe {
namespace {

using Json = nlohmann::ordered_json;

std::string written(const Json& json) { return json.dump(4, ' ', false, Json::error_handler_t::replace); }

// "${workspaceFolder}/score" for what lies below the workspace; without one the whole path.
std::string in_workspace(const Path& path, const Path& workspace) {
  const Path below = workspace.empty() ? Path() : path.lexically_relative(workspace);
  if (below.empty() || *below.begin() == "..") return path.string();
  return below == "." ? "${workspaceFolder}" : "${workspaceFolder}/" + below.string();
}

std::string name_of(const AttachTarget& target) { return "mlpipe: " + target.step; }

Json configuration(const AttachTarget& target, const Path& workspace) {
  Json json{{"name", name_of(target)},
            {"type", "debugpy"},
            {"request", "attach"},
            {"connect", {{"host", "127.0.0.1"}, {"port", target.port}}}};
  if (!target.source.empty()) {
    // In place the step runs where it is edited: both sides may be written so that the folder can move.
    const std::string local = in_workspace(target.source, workspace);
    const std::string remote = target.code == target.source ? local : target.code.string();
    json["pathMappings"] = Json::array({{{"localRoot", local}, {"remoteRoot", remote}}});
  }
  json["justMyCode"] = true;
  return json;
}

Error not_plain() { return {ErrorKind::usage, "it has comments, or is no JSON object with a list of configurations", ""}; }

bool has(const Json& configurations, const std::string& name) {
  for (const Json& entry : configurations)
    if (entry.is_object() && entry.value("name", Json()) == name) return true;
  return false;
}

}  // namespace

std::string attach_configuration(const AttachTarget& target) { return written(configuration(target, {})); }

std::vector<AttachTarget> attach_targets(const Pipeline& pipeline) {
  std::vector<AttachTarget> targets;
  for (const Step& step : pipeline.steps) {
    const bool scripted = step.parallel() ? !step.parallel()->config.model : std::holds_alternative<Script>(step.action);
    if (scripted) targets.push_back({step.name, step.source_directory, step.source_directory});
  }
  return targets;
}

Result<LaunchFile> with_configurations(const std::string& existing, const std::vector<AttachTarget>& targets, const Path& workspace) {
  Json launch = existing.empty() ? Json{{"version", "0.2.0"}, {"configurations", Json::array()}} : Json::parse(existing, nullptr, false);
  if (!launch.is_object()) return not_plain();
  Json& configurations = launch["configurations"];
  if (configurations.is_null()) configurations = Json::array();
  if (!configurations.is_array()) return not_plain();
  LaunchFile file;
  for (const AttachTarget& target : targets) {
    if (has(configurations, name_of(target))) continue;
    configurations.push_back(configuration(target, workspace));
    file.added.push_back(name_of(target));
  }
  file.text = written(launch) + "\n";
  return file;
}

}  // namespace mlpipe
