#include "run/ingredients_of.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "run/bindings.h"

namespace mlpipe {
namespace {

using Kind = IngredientKind;

// Raise it when the same ingredients begin to mean another result.
constexpr std::string_view semantics_version = "1";

void collect(const Template& text, std::set<std::string>& parameters) {
  for (const Reference* reference : text.references())
    if (reference->kind == RefKind::parameter) parameters.insert(reference->name);
}

void walk_arguments(const std::vector<Template>& arguments, IngredientSink& sink, std::set<std::string>& parameters) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    sink.value(Kind::argument, fmt::format("{}", i + 1), symbolic(arguments[i]));
    collect(arguments[i], parameters);
  }
}

std::string text_of(const ModelInput& input) {
  return fmt::format("{} {} {}", input.name, input.type == ValueType::int64 ? "int64" : "float32", input.columns);
}

void walk_image(const ImageSpec& image, IngredientSink& sink) {
  const auto setting = [&](std::string_view key, const std::string& value) { sink.value(Kind::setting, fmt::format("scoring.image.{}", key), value); };
  setting("mode", image.mode);
  setting("resize", fmt::format("{}", fmt::join(image.resize, " ")));
  setting("crop", fmt::format("{}", fmt::join(image.crop, " ")));
  setting("mean", fmt::format("{}", fmt::join(image.mean, " ")));
  setting("std", fmt::format("{}", fmt::join(image.std, " ")));
  setting("layout", image.layout == ImageLayout::chw ? "chw" : "hwc");
  setting("exif", image.exif ? "true" : "false");
}

void walk_scoring(const Scoring& scoring, IngredientSink& sink, std::set<std::string>& parameters) {
  const auto setting = [&](std::string_view key, const std::string& value) { sink.value(Kind::setting, fmt::format("scoring.{}", key), value); };
  constexpr std::string_view inputs[] = {"image", "table", "array"}, formats[] = {"text", "csv", "jsonl", "npy", "parquet"};
  setting("input", std::string(inputs[static_cast<int>(scoring.input)]));
  if (scoring.input == ScoringInput::image) walk_image(scoring.image, sink);
  for (std::size_t i = 0; i < scoring.inputs.size(); ++i) setting(fmt::format("columns.{}", i + 1), text_of(scoring.inputs[i]));
  if (scoring.input == ScoringInput::table) setting("missing", scoring.missing ? fmt::format("{}", *scoring.missing) : "fail");
  setting("output", scoring.format == RowFormat::text ? scoring.output.value : std::string(formats[static_cast<int>(scoring.format)]));
  for (std::size_t i = 0; i < scoring.columns.size(); ++i)
    setting(fmt::format("output.columns.{}", i + 1), fmt::format("{}: {}", scoring.columns[i].name, scoring.columns[i].field));
  if (scoring.labels) {
    setting("labels", symbolic(*scoring.labels));
    collect(*scoring.labels, parameters);
  }
  const auto batch_size = batch_size_of(scoring);
  setting("batch_size", batch_size ? fmt::format("{}", *batch_size) : "measured");
  setting("numerics", scoring.numerics == Numerics::strict ? "strict" : "fast");
  setting("device", scoring.device);
}

void walk_parallel(const Parallel& parallel, IngredientSink& sink, std::set<std::string>& parameters) {
  const ParallelRunConfig& config = parallel.config;
  if (config.model) {
    sink.value(Kind::action, "model", symbolic(*config.model));
    collect(*config.model, parameters);
    walk_scoring(config.scoring, sink, parameters);
  } else {
    sink.value(Kind::action, "entry script", config.entry_script.value);
  }
  walk_arguments(parallel.arguments, sink, parameters);
  const auto setting = [&](std::string_view key, std::string_view value) { sink.value(Kind::setting, key, value); };
  setting("mini_batch_size", fmt::format("{}{}", config.mini_batch_size.value, config.mini_batch_size.is_count ? "" : " bytes"));
  setting("output_action", config.output_action == OutputAction::append_row ? "append_row" : "summary_only");
  setting("append_row_file_name", config.append_row_file_name);
  setting("order", config.order == RowOrder::mini_batch ? "mini_batch" : "completion");
  setting("isolate_failures", config.isolate_failures ? "true" : "false");
  setting("partition_keys", fmt::format("{}", config.partition_keys));
  for (const auto& [name, value] : config.environment_variables) sink.value(Kind::variable, name, value);
}

void walk_distribution(const Distribution& distribution, IngredientSink& sink) {
  if (distribution.kind == Distribution::Kind::none && distribution.instances == 1) return;
  sink.value(Kind::setting, "distribution", fmt::format("{} {} x {}, {} workers, {} parameter servers", static_cast<int>(distribution.kind), distribution.instances,
                                                        distribution.processes_per_instance, distribution.workers, distribution.parameter_servers));
}

std::set<std::string> walk_action(const Step& step, IngredientSink& sink) {
  std::set<std::string> parameters;
  if (const auto* command = std::get_if<Command>(&step.action)) {
    sink.value(Kind::action, "command", symbolic(command->text));
    if (command->plain_values) sink.value(Kind::setting, "values", "as they are");
    walk_distribution(step.distribution, sink);
    collect(command->text, parameters);
  } else if (const auto* script = std::get_if<Script>(&step.action)) {
    sink.value(Kind::action, "script", script->name.value);
    walk_arguments(script->arguments, sink, parameters);
  } else {
    walk_parallel(*step.parallel(), sink, parameters);
  }
  for (const auto& [name, value] : step.environment_variables) {
    sink.value(Kind::variable, name, symbolic(value));
    collect(value, parameters);
  }
  return parameters;
}

// Only what is not as it was before there were tables: results made then stay good.
void walk_split(const std::string& name, const SplitData& split, const std::vector<std::string>& keys, IngredientSink& sink) {
  const auto setting = [&](std::string_view key, std::string_view value) { sink.value(Kind::setting, fmt::format("inputs.{}.{}", name, key), value); };
  if (split.type == DataType::table) {
    setting("type", "table");
    if (split.table.delimiter) setting("delimiter", *split.table.delimiter);
    if (split.table.header) setting("header", *split.table.header ? "true" : "false");
  }
  if (split.type == DataType::mltable) setting("type", "mltable");
  const bool read = split.type == DataType::table || !keys.empty();
  if (read && !split.table.partition_format.empty()) setting("partition_format", split.table.partition_format);
  if ((read || split.type == DataType::mltable) && !split.above.empty()) setting("path", split.above);
  if (!split.file.empty()) setting("file", split.file);
}

std::size_t parts_in(std::string_view path) { return path.empty() ? 0 : static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1; }

// Nothing of the path counts where the data alone says it all: data may lie anywhere.
std::string parts_above(const std::string& format, const std::filesystem::path& path, const Tree& tree) {
  if (format.empty()) return {};
  std::size_t least = parts_in(format);
  for (const TreeEntry& entry : tree.entries())
    if (!entry.path.ends_with('/')) least = std::min(least, parts_in(entry.path));
  std::filesystem::path above;
  auto part = path.end();
  for (std::size_t missing = parts_in(format) - least; missing > 0 && part != path.begin(); --missing) {
    --part;
    above = above.empty() ? *part : *part / above;
  }
  return above.string();
}

void walk_data(const Step& step, const StepFacts& facts, IngredientSink& sink) {
  for (const StepInput& input : step.inputs) {
    const Kind kind = input.side ? Kind::side_input : Kind::input;
    const auto tree = facts.data.find(&input);
    if (tree != facts.data.end()) sink.tree(kind, input.name, *tree->second);
    else sink.value(kind, input.name, input.value);
    const auto beyond = facts.beyond.find(&input);
    if (beyond != facts.beyond.end())
      for (const DataBeyond& more : beyond->second) sink.tree(kind, fmt::format("{} ({} of its MLTable)", input.name, more.written), *more.tree);
    const auto split = facts.splits.find(&input);
    if (split != facts.splits.end()) walk_split(input.name, split->second, step.parallel()->config.partition_keys, sink);
    const auto name = facts.file_names.find(&input);
    if (name != facts.file_names.end()) sink.value(Kind::setting, fmt::format("inputs.{}.file", input.name), name->second);
  }
  constexpr std::string_view types[] = {"folder", "file", "table", "mltable"};
  for (const StepOutput& output : step.outputs)
    sink.value(Kind::output, output.name, fmt::format("{} {}", types[static_cast<int>(output.type)], output.file));
}

void walk_environment(const Step& step, const StepFacts& facts, IngredientSink& sink) {
  for (const auto& [name, tree] : facts.environment_files) sink.tree(Kind::environment, name, *tree);
  if (step.environment && !step.environment->conda_text.empty()) sink.value(Kind::environment, "conda_file", step.environment->conda_text);
  if (!facts.python || !depends_on_python(step)) return;
  sink.value(Kind::environment, "python version", facts.python->version);
  if (!step.environment) return;
  for (const std::string& package : declared_packages(*step.environment)) {
    const auto found = facts.python->installed.find(package);
    sink.value(Kind::environment, fmt::format("package {}", package), found == facts.python->installed.end() ? "not installed" : found->second);
  }
}

}  // namespace

SplitData split_data(const Pipeline& pipeline, const StepInput& input) {
  if (input.from == StepInput::From::pipeline_input) {
    const PipelineInput& source = *pipeline.input(input.source);
    return {input.type.value_or(source.type), source.table, "", ""};
  }
  const StepOutput& source = *pipeline.step(input.step)->output(input.source);
  return {input.type.value_or(source.type), source.table, "", ""};
}

SplitData split_data_at(const Pipeline& pipeline, const StepInput& input, const std::filesystem::path& path, const Tree& tree, const MLTable* table) {
  SplitData split = split_data(pipeline, input);
  if (tree.is_file) split.file = path.filename().string();
  const bool has_paths = table && table->transformations.find("\"include_path_column\":true") != std::string::npos;  // among its rows
  split.above = has_paths ? path.string() : parts_above(table ? table->partition_format : split.table.partition_format, path, tree);
  return split;
}

void walk_ingredients(const Step& step, const StepFacts& facts, IngredientSink& sink) {
  sink.value(Kind::semantics, "mlpipe", semantics_version);
  // Nobody can reuse it, so its name may keep it apart from its twins: they need not wait for each other.
  if (!step.allow_reuse) sink.value(Kind::semantics, "not reusable", step.name);
  if (facts.code) sink.tree(Kind::code, "", *facts.code);
  for (const auto& [written, tree] : facts.hash_paths) sink.tree(Kind::code, written, *tree);
  for (const std::string& name : walk_action(step, sink)) sink.value(Kind::parameter, name, facts.parameters.at(name));
  walk_data(step, facts, sink);
  walk_environment(step, facts, sink);
  if (facts.sample && step.parallel()) sink.value(Kind::sample, "items", fmt::format("{}", *facts.sample));
}

std::map<std::string, std::string> unfingerprinted_settings(const Step& step) {
  if (!step.parallel()) return {};
  const ParallelRunConfig& config = step.parallel()->config;
  return {{"process_count_per_node", config.process_count_per_node ? fmt::format("{}", *config.process_count_per_node) : "cores"},
          {"node_count", fmt::format("{}", config.node_count)},
          {"error_threshold", fmt::format("{}", config.error_threshold)},
          {"allowed_failed_count", fmt::format("{}", config.allowed_failed_count)},
          {"allowed_failed_percent", fmt::format("{:g}", config.allowed_failed_percent)},
          {"run_invocation_timeout", fmt::format("{:g}", config.run_invocation_timeout.count())},
          {"run_max_try", fmt::format("{}", config.run_max_try)},
          {"logging_level", config.logging_level}};
}

bool is_scored_by_model(const Step& step) { return step.parallel() && step.parallel()->config.model; }

bool depends_on_python(const Step& step) {
  if (step.environment || std::holds_alternative<Script>(step.action)) return true;
  if (const auto* parallel = step.parallel()) return !parallel->config.model;
  return std::get<Command>(step.action).text.written.find("python") != std::string::npos;
}

}  // namespace mlpipe
