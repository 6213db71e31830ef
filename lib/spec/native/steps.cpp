// One step: its keys, and what it runs.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/native/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

const std::vector<std::string> action_keys = {"command", "script_name", "parallel_run_config"};
constexpr Range any_positive{0, 1e9, true};

const std::vector<std::string>& step_keys() {
  static const std::vector<std::string> keys = {
      "source_directory", "command", "script_name", "arguments", "parallel_run_config", "inputs", "side_inputs", "outputs", "allow_reuse", "is_deterministic",
      "hash_paths", "environment", "environment_variables", "secrets", "timeout", "retries", "resources", "depends_on", "compute",
      "description", "expect"};
  return keys;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Settings of --set for the step itself; those for its parallel_run_config go to `parallel`.
std::vector<Setting> settings_of_step(Context& context, const Entry& entry, std::vector<Setting>& parallel) {
  std::vector<Setting> own;
  const auto found = context.settings.find(entry.key);
  if (found == context.settings.end()) return own;
  const bool is_parallel = entry.value.node->kind == Node::Kind::map && entry.value.node->find("parallel_run_config");
  for (Setting& setting : found->second) {
    const std::string first = setting.keys[0];
    if (first == "parallel_run_config" && setting.keys.size() > 1) {
      setting.keys.erase(setting.keys.begin());
      parallel.push_back(setting);
    } else if (contains(step_keys(), first)) {
      own.push_back(setting);
    } else if (is_parallel && contains(parallel_keys(), first)) {
      parallel.push_back(setting);
    } else {
      std::vector<std::string> known = step_keys();
      if (is_parallel) known.insert(known.end(), parallel_keys().begin(), parallel_keys().end());
      context.error(setting.value.where, fmt::format("step `{}` has no key `{}`", entry.key, first), context.hint(first, known));
    }
  }
  return own;
}

void read_source_directory(const MapReader& map, Step& step) {
  const auto written = map.text("source_directory");
  if (!written) return;
  Context& context = map.context();
  if (has_expression(written->text))
    return context.error(written->where, fmt::format("{} is fixed: no expression can stand in it", map.named("source_directory")));
  context.place_source(step, context.path(written->text));
  if (context.is_used(step.name) || is_folder(step.source_directory)) return;
  context.error(written->where,
                fmt::format("{}: `{}` {}", map.named("source_directory"), written->text,
                            path_exists(step.source_directory) ? "is not a folder" : "does not exist"),
                "paths are relative to the pipeline file");
}

void read_resources(const MapReader& step_map, Step& step) {
  const Value* value = step_map.map("resources");
  if (!value) return;
  const MapReader map(step_map.context(), *value, step_map.owner(), {"cpus", "memory", "gpus"}, MapReader::Values::plain, "resources");
  if (const auto cpus = map.number("cpus", {0, 4096, true})) step.resources.cpus = *cpus;
  if (const auto memory = map.scalar("memory")) {
    const auto bytes = parse_count_or_bytes(memory->text);
    if (bytes && bytes->value > 0) step.resources.memory = bytes->value;
    else map.wrong_type("memory", "a size like 512MB or 4GB", *memory);
  }
  if (const auto gpus = map.integer("gpus", {0, 64})) step.resources.gpus = static_cast<int>(*gpus);
  if (step.resources.gpus > 0)
    map.context().error(map.given("gpus")->value.where, fmt::format("{}: GPUs are not yet scheduled", map.named("gpus")), "remove the key");
}

bool is_variable_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), plain) && !(name[0] >= '0' && name[0] <= '9');
}

void read_variables(const MapReader& map, Step& step) {
  const Value* value = map.map("environment_variables");
  if (value && value->node->kind != Node::Kind::map) return map.wrong_type("environment_variables", "a map", *value);
  Context& context = map.context();
  for (const Entry& entry : value ? value->node->entries : std::vector<Entry>{}) {
    if (!is_variable_name(entry.key))
      context.error(entry.key_where, fmt::format("`{}` cannot be the name of a variable", entry.key), "letters, digits and _");
    if (entry.value.node->kind != Node::Kind::scalar) {
      context.error(entry.value.where, fmt::format("variable `{}` must be text, got {}", entry.key, describe(entry.value)),
                    "write \"\" for an empty one");
      continue;
    }
    const Scalar scalar{entry.value.node->text, entry.value.node->is_text, entry.value.where};
    if (auto text = parse_template(context, scalar, fmt::format("variable `{}`", entry.key), {Scope::Kind::step, &step}))
      step.environment_variables.emplace(entry.key, std::move(*text));
  }
}

void read_secrets(const MapReader& map, Step& step) {
  for (const Scalar& name : map.texts("secrets")) {
    if (!is_variable_name(name.text))
      map.context().error(name.where, fmt::format("`{}` cannot be the name of a variable", name.text),
                          "secrets are names of variables, not values");
    if (step.environment_variables.contains(name.text))
      map.context().error(name.where, fmt::format("`{}` is both a secret and an environment variable of step `{}`", name.text, step.name),
                          "a secret's value comes from the calling shell");
    step.secrets.push_back(name.text);
  }
}

void read_paths_and_order(const MapReader& map, Step& step) {
  Context& context = map.context();
  for (const Scalar& path : map.texts("hash_paths")) {
    step.hash_paths.push_back({context.path(path.text), path.text});
    if (!context.is_used(step.name) && !path_exists(step.hash_paths.back().path))
      context.error(path.where, fmt::format("{}: `{}` does not exist", map.named("hash_paths"), path.text),
                    "paths are relative to the pipeline file");
  }
  for (const Scalar& name : map.texts("depends_on")) {
    if (context.steps.contains(name.text)) step.depends_on.push_back(name.text);
    else context.error(name.where, fmt::format("unknown step `{}`", name.text), context.hint(name.text, context.step_names));
  }
}

// Azure's v1 and v2 say the same in two words.
void read_reuse(const MapReader& map, Step& step) {
  const auto allow = map.boolean("allow_reuse"), deterministic = map.boolean("is_deterministic");
  step.allow_reuse = allow.value_or(deterministic.value_or(true));
  if (allow && deterministic && *allow != *deterministic)
    map.context().error(map.where_of("is_deterministic"), fmt::format("`allow_reuse` and `is_deterministic` of {} disagree", map.owner()),
                        "they mean the same: write one of them");
}

void read_settings(const MapReader& map, Step& step) {
  Context& context = map.context();
  read_reuse(map, step);
  if (const auto timeout = map.number("timeout", any_positive)) step.timeout = Seconds(*timeout);
  if (const auto retries = map.integer("retries", {0, 100})) step.retries = static_cast<int>(*retries);
  if (step.retries > 0 && map.has("parallel_run_config"))
    context.error(map.scalar("retries")->where, fmt::format("{} is for commands and scripts: a parallel step tries each mini-batch again", map.named("retries")),
                  "write run_max_try in its parallel_run_config");
  if (const auto compute = map.text("compute")) step.compute = compute->text;
  if (const auto description = map.text("description")) step.description = description->text;
  if (const Value* environment = map.map("environment"))
    step.environment = read_environment(context, *environment, map.owner(), context.pipeline.directory, !context.is_used(step.name));
  read_resources(map, step);
  read_expect(map, step);
  read_variables(map, step);
  read_secrets(map, step);
  read_paths_and_order(map, step);
}

void read_script(MapReader& map, Step& step) {
  Script script;
  const auto name = map.text("script_name");
  if (name) script.name = {name->text, location(name->where)};
  script.arguments = read_arguments(map, step);
  if (name && !map.context().is_used(step.name)) check_code_file(map.context(), step, *name, map.named("script_name"));
  step.action = std::move(script);
}

void read_command(MapReader& map, Step& step) {
  const auto command = map.text("command");
  if (map.has("arguments"))
    map.context().error(map.where_of("arguments"), fmt::format("{} go with `script_name` or `parallel_run_config`",
                                                               map.named("arguments")), "write them in the command");
  if (!command) return;
  if (auto text = parse_template(map.context(), *command, "`command`", {Scope::Kind::step, &step})) step.action = Command{std::move(*text)};
}

// The one of `command`, `script_name` and `parallel_run_config` that the step has; empty: none, or more than one.
std::string choose_action(const MapReader& map, const Step& step, const Place& name) {
  std::vector<std::string> present;
  for (const std::string& key : action_keys)
    if (map.has(key)) present.push_back(key);
  Context& context = map.context();
  if (present.size() == 1) return present[0];
  if (present.size() > 1)
    context.error(map.where_of(present[1]), fmt::format("step `{}` has both `{}` and `{}`", step.name, present[0], present[1]),
                  "a step runs one of them; make two steps of it");
  else if (!context.is_used(step.name) && !map.has_unknown())
    context.error(name, fmt::format("step `{}` has nothing to run", step.name),
                  "give it a `command`, a `script_name` or a `parallel_run_config`");
  return {};
}

}  // namespace

void read_step(Context& context, const Entry& entry) {
  Step step;
  step.name = entry.key;
  step.where = location(entry.key_where);
  check_name(context, entry.key_where, entry.key, "a step");
  std::vector<Setting> of_parallel;
  const std::vector<Setting> own = settings_of_step(context, entry, of_parallel);
  MapReader map(context, overlay(context, entry.value, own), fmt::format("step `{}`", entry.key), step_keys());
  if (map.valid()) {
    read_source_directory(map, step);
    read_step_data(map, step);
    read_settings(map, step);
    const std::string action = choose_action(map, step, entry.key_where);
    if (action == "command") read_command(map, step);
    if (action == "script_name") read_script(map, step);
    if (action == "parallel_run_config") read_parallel(map, step, of_parallel);
  }
  context.pipeline.steps.push_back(std::move(step));
}

}  // namespace mlpipe::spec
