#include "report/vscode.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "system/below.h"

namespace mlpipe {
namespace {

using Json = nlohmann::ordered_json;

std::string written(const Json& json) { return json.dump(4, ' ', false, Json::error_handler_t::replace); }

// "${workspaceFolder}/score" for what lies below the workspace; without one the whole path.
std::string in_workspace(const Path& path, const Path& workspace) {
  const auto inside = workspace.empty() ? std::nullopt : below(path, workspace);
  if (!inside) return path.string();
  return *inside == "." ? "${workspaceFolder}" : "${workspaceFolder}/" + inside->string();
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

bool runs_python_of_its_own(const Step& step) {
  if (const auto* parallel = step.parallel()) return !parallel->config.model;
  const auto* command = std::get_if<Command>(&step.action);
  return !command || command->text.written.find("python") != std::string::npos;
}

std::string start_name(const AttachTarget& target) { return "mlpipe: start " + target.step; }

Json start_configuration(const AttachTarget& target, const Path& workspace) {
  Json json = configuration(target, workspace);
  json["name"] = start_name(target);
  json["preLaunchTask"] = start_name(target);
  return json;
}

constexpr const char* mini_batch_id = "mlpipe-mini-batch";

Json mini_batch_question() { return {{"id", mini_batch_id}, {"type", "promptString"}, {"description", "mini-batch, counted from 0"}, {"default", "0"}}; }

// The task is ready for the debugger when mlpipe says that it waits; mistakes of the pipeline file are shown where they are.
Json start_task(const AttachTarget& target, const std::string& spec) {
  std::vector<std::string> words{target.parallel ? "replay" : "debug", target.step};
  if (target.parallel) words.insert(words.end(), {"--mini-batch", fmt::format("${{input:{}}}", mini_batch_id)});
  words.insert(words.end(), {"--debugpy", std::to_string(target.port)});
  if (!spec.empty()) words.insert(words.end(), {"-f", spec});
  const Json mistake{{"regexp", "^(.*?):(\\d+):(\\d+): (error|warning): (.*)$"}, {"file", 1}, {"line", 2}, {"column", 3}, {"severity", 4}, {"message", 5}};
  const Json waits{{"activeOnStart", true}, {"beginsPattern", "^$"}, {"endsPattern", "waiting for a debugger to attach|^mlpipe: error: "}};
  return {{"label", start_name(target)},
          {"type", "process"},
          {"command", "mlpipe"},
          {"args", words},
          {"options", {{"cwd", "${workspaceFolder}"}}},
          {"isBackground", true},
          {"problemMatcher", {{"owner", "mlpipe"}, {"fileLocation", {"autoDetect", "${workspaceFolder}"}}, {"pattern", mistake}, {"background", waits}}},
          {"presentation", {{"panel", "dedicated"}, {"focus", true}}}};
}

Error not_plain(const char* list) { return {ErrorKind::usage, fmt::format("it has comments, or is no JSON object with a list of {}", list), ""}; }

bool has(const Json& entries, const char* key, const Json& name) {
  for (const Json& entry : entries)
    if (entry.is_object() && entry.value(key, Json()) == name) return true;
  return false;
}

// What a file of VS Code's has in `list`, and those of `entries` that are not in it by what they have as `key`.
Status merge(Json& file, const char* list, const char* key, const std::vector<Json>& entries, std::vector<std::string>& added) {
  Json& there = file[list];
  if (there.is_null()) there = Json::array();
  if (!there.is_array()) return not_plain(list);
  for (const Json& entry : entries) {
    if (has(there, key, entry[key])) continue;
    there.push_back(entry);
    added.push_back(entry[key].get<std::string>());
  }
  return {};
}

Result<Json> parsed(const std::string& existing, const char* version, const char* list) {
  Json file = existing.empty() ? Json{{"version", version}, {list, Json::array()}} : Json::parse(existing, nullptr, false);
  if (!file.is_object()) return not_plain(list);
  return file;
}

}  // namespace

std::string attach_configuration(const AttachTarget& target) { return written(configuration(target, {})); }

std::vector<AttachTarget> attach_targets(const Pipeline& pipeline) {
  std::vector<AttachTarget> targets;
  for (const Step& step : pipeline.steps)
    if (runs_python_of_its_own(step)) targets.push_back({step.name, step.source_directory, step.source_directory, usual_debug_port, step.parallel() != nullptr});
  return targets;
}

Result<EditorFile> with_configurations(const std::string& existing, const std::vector<AttachTarget>& targets, const Path& workspace) {
  constexpr const char* list = "configurations";
  MLPIPE_TRY(Json launch, parsed(existing, "0.2.0", list));
  std::vector<Json> entries;
  for (const AttachTarget& target : targets) entries.insert(entries.end(), {configuration(target, workspace), start_configuration(target, workspace)});
  EditorFile file;
  MLPIPE_TRY_VOID(merge(launch, list, "name", entries, file.added));
  file.text = written(launch) + "\n";
  return file;
}

Result<EditorFile> with_tasks(const std::string& existing, const std::vector<AttachTarget>& targets, const std::string& spec) {
  MLPIPE_TRY(Json tasks, parsed(existing, "2.0.0", "tasks"));
  std::vector<Json> entries, questions;
  for (const AttachTarget& target : targets) {
    entries.push_back(start_task(target, spec));
    if (target.parallel) questions = {mini_batch_question()};
  }
  EditorFile file;
  std::vector<std::string> asked;
  MLPIPE_TRY_VOID(merge(tasks, "tasks", "label", entries, file.added));
  if (!questions.empty()) MLPIPE_TRY_VOID(merge(tasks, "inputs", "id", questions, asked));
  file.text = written(tasks) + "\n";
  return file;
}

}  // namespace mlpipe
