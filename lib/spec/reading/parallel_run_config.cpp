// `parallel_run_config` of a step, inline or in a file as Azure's save_to_yaml writes it.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "pipeline/driver_flags.h"
#include "spec/reading/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

constexpr Range timeout_range{0, 259200, true};
constexpr Range threshold_range{-1, 1e9};

const std::vector<std::pair<std::string, std::string>> logging_levels = {
    {"DEBUG", "DEBUG"}, {"INFO", "INFO"}, {"WARNING", "WARNING"}, {"WARN", "WARNING"},
    {"ERROR", "ERROR"}, {"CRITICAL", "CRITICAL"}, {"FATAL", "CRITICAL"}, {"NOTSET", "NOTSET"}};

// Where a configuration stands, and what paths in it are relative to.
struct Source {
  Value map;
  Path directory;
  bool is_file = false;
};

std::optional<Source> open_source(const MapReader& step_map, const Value& value) {
  Context& context = step_map.context();
  if (value.node->kind == Node::Kind::map) return Source{value, context.pipeline.directory};
  if (value.node->kind != Node::Kind::scalar) {
    step_map.wrong_type("parallel_run_config", "a map or the path of a file", value);
    return std::nullopt;
  }
  const Scalar name{value.node->text, true, value.where};
  const Path file = context.path(name.text);
  if (!context.has_file(file)) {
    check_file_below(context, context.pipeline.directory, name, step_map.named("parallel_run_config"));
    return std::nullopt;
  }
  const Document* document = context.open_file(file);
  if (!document) return std::nullopt;
  const MapReader top(context, document->root, fmt::format("`{}`", document->file), {"parallel_run_config"});
  const Value* map = top.map("parallel_run_config");
  if (top.valid() && !top.has("parallel_run_config"))
    context.error({document}, "this file has no `parallel_run_config`", "put its keys under one top key `parallel_run_config:`");
  if (map && map->node->kind != Node::Kind::map) top.wrong_type("parallel_run_config", "a map", *map);
  if (!map || map->node->kind != Node::Kind::map) return std::nullopt;
  return Source{*map, file.parent_path(), true};
}

void read_mini_batches(const MapReader& map, ParallelRunConfig& config) {
  const auto size = map.scalar("mini_batch_size");
  if (!size) return;
  config.mini_batch_size_given = true;
  config.mini_batch_size_where = location(size->where);
  const auto value = parse_count_or_bytes(size->text);
  if (!value) return map.wrong_type("mini_batch_size", "a number of files, or of a table a size like 10KB (without a blank)", *size);
  if (value->value < 1 || (value->is_count && value->value > 1'000'000'000))
    return map.context().error(size->where, fmt::format("{} must be from 1 to 1000000000, got {}", map.named("mini_batch_size"),
                                                        size->text));
  config.mini_batch_size = *value;
}

void read_thresholds(const MapReader& map, ParallelRunConfig& config) {
  if (const auto items = map.integer("error_threshold", threshold_range)) config.error_threshold = *items;
  if (const auto count = map.integer("allowed_failed_count", threshold_range)) config.allowed_failed_count = *count;
  if (const auto percent = map.number("allowed_failed_percent", {0, 100})) config.allowed_failed_percent = *percent;
  if (const auto isolate = map.boolean("isolate_failures")) config.isolate_failures = *isolate;
}

void read_tries_and_workers(const MapReader& map, ParallelRunConfig& config) {
  if (const auto nodes = map.integer("node_count", {1, 1000})) config.node_count = static_cast<int>(*nodes);
  if (const auto processes = map.integer("process_count_per_node", {1, 1000})) config.process_count_per_node = static_cast<int>(*processes);
  if (const auto timeout = map.number("run_invocation_timeout", timeout_range)) config.run_invocation_timeout = Seconds(*timeout);
  if (const auto overhead = map.number("task_overhead_timeout", {0, 259200})) config.task_overhead_timeout = Seconds(*overhead);
  if (const auto tries = map.integer("run_max_try", {1, 1000})) config.run_max_try = static_cast<int>(*tries);
}

void read_output_action(const MapReader& map, ParallelRunConfig& config) {
  const std::vector<std::pair<std::string, OutputAction>> actions = {{"append_row", OutputAction::append_row},
                                                                     {"summary_only", OutputAction::summary_only}};
  const std::vector<std::pair<std::string, RowOrder>> orders = {{"mini_batch", RowOrder::mini_batch}, {"completion", RowOrder::completion}};
  if (const auto action = map.choice("output_action", actions)) config.output_action = *action;
  if (const auto order = map.choice("order", orders)) config.order = *order;
  const auto name = map.text("append_row_file_name");
  if (!name) return;
  config.append_row_file_name = name->text;
  if (!is_rows_file_name(name->text))
    map.context().error(name->where, fmt::format("{} must be the name of a file, got `{}`", map.named("append_row_file_name"), name->text),
                        "without folders and without ~ \" # % & * : < > ? / \\ { | }");
}

void read_variables(const MapReader& map, ParallelRunConfig& config) {
  const Value* value = map.map("environment_variables");
  if (!value) return;
  if (value->node->kind != Node::Kind::map) return map.wrong_type("environment_variables", "a map", *value);
  for (const Entry& entry : value->node->entries) {
    if (entry.value.node->kind != Node::Kind::scalar) {
      map.context().error(entry.value.where, fmt::format("variable `{}` must be text, got {}", entry.key, describe(entry.value)),
                          "write \"\" for an empty one");
      continue;
    }
    const Scalar scalar{entry.value.node->text, entry.value.node->is_text, entry.value.where};
    if (const auto text = resolve_parameters(map.context(), scalar, fmt::format("variable `{}`", entry.key)))
      config.environment_variables[entry.key] = text->text;
  }
}

void read_partition_keys(const MapReader& map, ParallelRunConfig& config) {
  Context& context = map.context();
  for (const Scalar& key : map.texts("partition_keys")) {
    const auto known = std::find(config.partition_keys.begin(), config.partition_keys.end(), key.text);
    if (known != config.partition_keys.end())
      context.error(key.where, fmt::format("{} has `{}` twice", map.named("partition_keys"), key.text), "write it once");
    config.partition_keys.push_back(key.text);
  }
  if (config.partition_keys.empty() && map.list("partition_keys"))
    context.error(map.where_of("partition_keys"), fmt::format("{} is empty", map.named("partition_keys")), "name columns, or remove the key");
  if (!config.partition_keys.empty() && config.mini_batch_size_given)
    context.error(map.where_of("partition_keys"), fmt::format("{} has both `partition_keys` and `mini_batch_size`", map.owner()),
                  "partitions have the size that they have: give one of the two");
}

bool is_module_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; };
  const auto parts = split(name, '.');
  return std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return !part.empty() && letter(part.front()) && std::all_of(part.begin(), part.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
  });
}

void read_preload(const MapReader& map, ParallelRunConfig& config) {
  if (map.has("preload") && map.has("model"))
    map.context().error(map.where_of("preload"), fmt::format("{} goes with `entry_script`", map.named("preload")),
                        "workers that score with `model` are forked after it was loaded in any case");
  for (const Scalar& module : map.texts("preload")) {
    if (is_module_name(module.text)) config.preload.push_back(module.text);
    else map.context().error(module.where, fmt::format("{}: `{}` cannot be the name of a Python module", map.named("preload"), module.text),
                             "write names as in `import torch`");
  }
}

bool is_own_environment(const Value& value) {
  const std::vector<std::string> own = {"python", "conda_file", "requirements", "image"};
  return value.node->kind == Node::Kind::map && std::all_of(value.node->entries.begin(), value.node->entries.end(),
                                                            [&](const Entry& entry) {
           return std::find(own.begin(), own.end(), entry.key) != own.end() && entry.value.node->kind == Node::Kind::scalar;
         });
}

// What Azure calls a saved environment: a map, or the path of a file with one; empty: it has no name.
std::string name_of_saved(Context& context, const Value& value, const Path& directory) {
  const Path file = directory / value.node->text;
  const bool in_file = value.node->kind == Node::Kind::scalar && context.has_file(file);
  const Document* document = in_file ? context.open_file(file) : nullptr;
  const Value& map = document ? document->root : value;
  if (map.node->kind == Node::Kind::scalar) return in_file ? "" : map.node->text;
  const Entry* name = map.node->find("name");
  const Entry* version = map.node->find("version");
  if (!name || name->value.node->text.empty()) return "";
  return name->value.node->text + (version && !version->value.node->text.empty() ? ":" + version->value.node->text : "");
}

// A mapping file may say which Python stands for it; it is exported by its name.
void use_saved(Context& context, const Entry& entry, const Source& source, Step& step) {
  Environment environment;
  environment.name = entry.key == "environment_dir_path" ? "" : name_of_saved(context, entry.value, source.directory);
  environment.where = location(entry.value.where);
  map_environment(context, environment);
  if (environment.name.empty()) return;
  step.environment = std::move(environment);
}

// A ParallelRunConfig of Azure's asks for these.
void warn_about_missing(const MapReader& map, const Source& source) {
  Context& context = map.context();
  if (context.pipeline.dialect != Dialect::v1) return;
  for (const char* key : {"error_threshold", "output_action", "node_count", "compute_target_name"})
    if (!map.has(key)) context.azure_warning(map.where(), fmt::format("Azure wants a `{}` in the parallel_run_config of {}", key, map.owner()));
  if (!map.has("environment") && !map.has("environment_name") && !map.has("environment_dir_path"))
    context.azure_warning(source.map.where, fmt::format("Azure wants an environment in the parallel_run_config of {}", map.owner()), "write `environment: {name: NAME}`");
}

// A saved configuration describes the environment that Azure builds; here the step's own interpreter runs it.
void read_environment_of(const MapReader& map, const Source& source, Step& step) {
  Context& context = map.context();
  for (const std::string key : {"environment", "environment_dir_path", "environment_name"}) {
    const Entry* entry = map.given(key);
    if (!entry) continue;
    if (key == "environment" && (!source.is_file || is_own_environment(entry->value))) {
      if (step.environment)
        context.error(entry->key_where, fmt::format("step `{}` has an environment of its own", step.name), "give it in one place");
      step.environment = read_environment(context, entry->value, map.owner(), source.directory, !context.is_used(step.name));
    } else if (!step.environment && !context.environment) {
      use_saved(context, *entry, source, step);
      if (step.environment && !step.environment->python.empty()) continue;
      context.warning(entry->key_where, fmt::format("{} is not built here: the step runs with the python of the calling shell",
                                                    map.named(key)),
                      "give the step or the pipeline `environment: {python: INTERPRETER_OR_VENV}`");
    }
  }
}

void read_source_directory_of(const MapReader& map, const Source& source, const MapReader& step_map, Step& step) {
  const auto written = map.text("source_directory");
  if (!written) return;
  if (step_map.has("source_directory"))
    return map.context().error(map.where_of("source_directory"), fmt::format("step `{}` has a `source_directory` of its own", step.name),
                               "give it in one place");
  map.context().place_source(step, absolute_path(source.directory / written->text));
  if (map.context().is_used(step.name) || is_folder(step.source_directory)) return;
  map.context().error(written->where, fmt::format("{}: `{}` {}", map.named("source_directory"), written->text,
                                                  path_exists(step.source_directory) ? "is not a folder" : "does not exist"),
                      fmt::format("looked for {}", shown_path(step.source_directory)));
}

// A file beside the spec becomes a side input that no user can name, so that its content counts as that of any data does.
void use_as_side_input(Context& context, const Scalar& written, const Path& path, Step& step, const std::string& name, Template& text) {
  PipelineInput file;
  file.name = step.name + " " + name;
  file.type = DataType::file;
  file.path = path;
  file.written = written.text;
  file.where = location(written.where);
  StepInput input;
  input.name = name;
  input.from = StepInput::From::pipeline_input;
  input.source = file.name;
  input.side = true;
  input.where = file.where;
  text.parts = {Reference{RefKind::side_input, input.name, {}, input.where}};
  step.inputs.push_back(std::move(input));
  context.pipeline.inputs.push_back(std::move(file));
}

// A path, or an expression that gives one.
std::optional<Template> read_side_file(const MapReader& map, std::string_view key, const Source& source, Step& step, const std::string& input) {
  const Entry* entry = map.given(key);
  if (!entry) return std::nullopt;
  if (entry->value.node->kind != Node::Kind::scalar) return map.wrong_type(key, "a path or an expression", entry->value), std::nullopt;
  Context& context = map.context();
  Scalar written{entry->value.node->text, entry->value.node->is_text, entry->value.where};
  auto file = parse_template(context, written, fmt::format("`{}`", key), {Scope::Kind::step, &step});
  if (!file) return std::nullopt;
  const auto references = file->references();
  const bool settled = std::all_of(references.begin(), references.end(), [](const Reference* r) { return r->kind == RefKind::parameter; });
  if (!settled || context.is_used(step.name)) return file;
  written = *resolve_parameters(context, written, fmt::format("`{}`", key));
  check_file_below(context, source.directory, written, map.named(key));
  use_as_side_input(context, written, absolute_path(source.directory / written.text), step, input, *file);
  return file;
}

void read_scorer(const MapReader& map, const Source& source, const MapReader& step_map, Step& step, Parallel& parallel) {
  Context& context = map.context();
  const std::string owner = fmt::format("step `{}`", step.name);
  const bool script = map.has("entry_script"), model = map.has("model");
  if (script && model)
    return context.error(map.where_of("model"), fmt::format("{} has both `entry_script` and `model`", owner),
                         "a parallel step scores with one of them");
  if (!script && !model && !context.is_used(step.name))
    context.error(map.where(), fmt::format("{} has neither `entry_script` nor `model`", owner),
                  "give it the Python script or the TorchScript model that scores a mini-batch");
  if (const auto name = map.text("entry_script")) {
    parallel.config.entry_script = {name->text, location(name->where)};
    if (!context.is_used(step.name)) check_code_file(context, step, *name, map.named("entry_script"));
  }
  const auto side_file = [&](const MapReader& from, std::string_view key, const std::string& input) { return read_side_file(from, key, source, step, input); };
  parallel.config.model = side_file(map, "model", "model file");
  if (!model && map.has("scoring"))
    context.error(map.where_of("scoring"), fmt::format("{} goes with `model`", map.named("scoring")), "an entry_script scores by itself");
  if (model && step_map.has("arguments"))
    context.error(step_map.where_of("arguments"), fmt::format("{} go to an entry script, but the step scores with `model`",
                                                              step_map.named("arguments")), "remove them");
  if (const Value* scoring = map.map("scoring")) read_scoring(map, *scoring, step, parallel.config.scoring, side_file);
}

ParallelRunConfig read_config(const MapReader& map, const Source& source, Step& step) {
  ParallelRunConfig config;
  config.where = config.mini_batch_size_where = location(map.where());
  read_mini_batches(map, config);
  read_partition_keys(map, config);
  read_thresholds(map, config);
  read_output_action(map, config);
  read_tries_and_workers(map, config);
  read_variables(map, config);
  read_preload(map, config);
  if (const auto level = map.choice("logging_level", logging_levels)) config.logging_level = *level;
  if (const auto description = map.text("description")) config.description = description->text;
  if (const auto compute = map.text("compute_target_name"); compute && step.compute.empty()) step.compute = compute->text;
  read_environment_of(map, source, step);
  warn_about_missing(map, source);
  return config;
}

}  // namespace

const std::vector<std::string>& parallel_keys() {
  static const std::vector<std::string> keys = {
      "entry_script", "model", "scoring", "mini_batch_size", "error_threshold", "allowed_failed_count", "allowed_failed_percent",
      "output_action", "append_row_file_name", "node_count", "process_count_per_node", "run_invocation_timeout", "task_overhead_timeout",
      "run_max_try", "logging_level", "partition_keys", "environment_variables", "description", "isolate_failures", "order", "preload",
      "source_directory", "environment", "compute_target_name", "environment_dir_path", "environment_name"};
  return keys;
}

void read_parallel(MapReader& step_map, Step& step, const std::vector<Setting>& settings) {
  Context& context = step_map.context();
  step.action = Parallel{};
  const Value* value = step_map.map("parallel_run_config");
  auto source = value ? open_source(step_map, *value) : std::nullopt;
  if (!source) return;
  source->map = overlay(context, source->map, settings);
  MapReader map(context, source->map, fmt::format("step `{}`", step.name), parallel_keys(), MapReader::Values::with_parameters);
  if (source->is_file) map.ignore_empty();
  if (!map.valid()) return;
  Parallel parallel;
  read_source_directory_of(map, *source, step_map, step);
  parallel.config = read_config(map, *source, step);
  read_scorer(map, *source, step_map, step, parallel);
  parallel.arguments = read_arguments(step_map, step);
  read_driver_flags(context, parallel);
  step.action = std::move(parallel);
  check_parallel_step(context, step_map, step);
}

}  // namespace mlpipe::spec
