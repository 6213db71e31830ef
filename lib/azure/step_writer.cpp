#include "azure/step_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "azure/values.h"
#include "base/shell_place.h"
#include "base/text.h"

namespace mlpipe::azure {
namespace {

constexpr const char* command_schema = "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json";
constexpr const char* curated_environment = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest";
constexpr const char* base_image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04";

std::string_view azure_type(DataType type) {
  switch (type) {
    case DataType::file: return "uri_file";
    case DataType::mltable:
    case DataType::table: return "mltable";
    default: return "uri_folder";
  }
}

void collect(const Template& text, std::vector<std::string>& parameters) {
  for (const Reference* reference : text.references())
    if (reference->kind == RefKind::parameter && std::find(parameters.begin(), parameters.end(), reference->name) == parameters.end())
      parameters.push_back(reference->name);
}

const std::vector<Template>* arguments_of(const Step& step) {
  if (const auto* script = std::get_if<Script>(&step.action)) return &script->arguments;
  if (const Parallel* parallel = step.parallel()) return &parallel->arguments;
  return nullptr;
}

// Parameters of the pipeline that the step's texts name: a component has them as inputs.
std::vector<std::string> parameters_of(const Step& step) {
  std::vector<std::string> parameters;
  if (const auto* command = std::get_if<Command>(&step.action)) collect(command->text, parameters);
  if (const auto* arguments = arguments_of(step))
    for (const Template& argument : *arguments) collect(argument, parameters);
  for (const auto& [name, value] : step.environment_variables) collect(value, parameters);
  return parameters;
}

class Writer {
 public:
  Writer(Job& job, const Step& step, YamlWriter& yaml) : job_(job), step_(step), yaml_(yaml), parameters_(parameters_of(step)) {}

  void write() {
    yaml_.open(job_.nodes.of(step_.name));
    if (step_.parallel()) write_parallel();
    else write_command();
    yaml_.close();
    note_what_is_lost();
  }

 private:
  DataType type_of(const StepInput& input) const {
    if (input.type) return *input.type;
    if (input.from == StepInput::From::pipeline_input) return job_.pipeline.input(input.source)->type;
    const StepOutput& source = *job_.pipeline.step(input.step)->output(input.source);
    return source.type;
  }

  // A part of a file or folder is named where it is used: Azure binds whole outputs only.
  DataType bound_type(const StepInput& input) const { return input.below.empty() ? type_of(input) : DataType::folder; }

  static bool is_table(DataType type) { return type == DataType::mltable || type == DataType::table; }

  const std::string& input_name(const std::string& name) { return names_.of(name, "input"); }
  const std::string& parameter_name(const std::string& name) { return names_.of(name, "parameter"); }
  const std::string& output_name(const std::string& name) { return job_.outputs_of[step_.name].of(name); }

  std::string text_of(const Reference& reference) {
    switch (reference.kind) {
      case RefKind::input:
      case RefKind::side_input: {
        const StepInput* input = step_.input(reference.name, reference.kind == RefKind::side_input);
        const std::string below = input && !input->below.empty() ? "/" + input->below : "";
        return fmt::format("${{{{inputs.{}}}}}{}", input_name(reference.name), below);
      }
      case RefKind::output: return fmt::format("${{{{outputs.{}}}}}", output_name(reference.name));
      case RefKind::parameter: return fmt::format("${{{{inputs.{}}}}}", parameter_name(reference.name));
      default: return "$AZUREML_RUN_ID";
    }
  }

  std::string resolved(const Template& text) {
    std::string out;
    for (const auto& part : text.parts) {
      const auto* literal = std::get_if<std::string>(&part);
      out += literal ? *literal : text_of(std::get<Reference>(part));
    }
    return out;
  }

  // What goes into a command line for it; nothing: a path or a name, which no shell changes.
  std::string value_of(const Reference& reference) const {
    if (reference.kind == RefKind::parameter) return job_.pipeline.parameter(reference.name)->value;
    const bool input = reference.kind == RefKind::input || reference.kind == RefKind::side_input;
    const StepInput* given = input ? step_.input(reference.name, reference.kind == RefKind::side_input) : nullptr;
    return given && given->from == StepInput::From::value ? given->value : "";
  }

  std::string quoted(const Reference& reference, char around) {
    const std::string value = value_of(reference);
    if (!survives(value, '"') && !survives(value, '\''))
      job_.note(step_, fmt::format("the value of {} has ' and one of \" $ ` \\ in it: a shell of Azure's changes it", reference.name));
    return in_quotes(text_of(reference), value, around);
  }

  // One word of a shell's command line; what Azure puts in for an expression is quoted, too.
  std::string word(const Template& text) {
    if (text.is_literal()) return shell_quote(resolved(text));
    std::string word;
    for (const auto& part : text.parts) {
      const auto* reference = std::get_if<Reference>(&part);
      word += reference ? quoted(*reference, 0) : shell_quote(std::get<std::string>(part));
    }
    return word;
  }

  std::string words(std::string line, const std::vector<Template>& arguments) {
    for (const Template& argument : arguments) line += (line.empty() ? "" : " ") + word(argument);
    return line;
  }

  void write_inputs_of_node(bool parallel) {
    if (step_.inputs.empty() && parameters_.empty()) return;
    yaml_.open("inputs");
    for (const StepInput& input : step_.inputs) write_binding(input, parallel);
    for (const std::string& name : parameters_)
      yaml_.text(parameter_name(name), fmt::format("${{{{parent.inputs.{}}}}}", job_.inputs.of(name, "parameter")));
    yaml_.close();
  }

  void write_binding(const StepInput& input, bool parallel) {
    const std::string& name = input_name(input.name);
    if (input.from == StepInput::From::value) return yaml_.text(name, input.value);
    const std::string source = input.from == StepInput::From::pipeline_input
                                   ? fmt::format("${{{{parent.inputs.{}}}}}", job_.inputs.of(input.source))
                                   : fmt::format("${{{{parent.jobs.{}.outputs.{}}}}}", job_.nodes.of(input.step), job_.outputs_of[input.step].of(input.source));
    const bool files = input.from == StepInput::From::pipeline_input && is_list_of_files(job_.pipeline, *job_.pipeline.input(input.source));
    if (!parallel || input.side || !(files || is_table(bound_type(input)))) return yaml_.text(name, source);
    yaml_.open(name);
    yaml_.text("type", "mltable");
    yaml_.text("mode", files ? "eval_mount" : "direct");
    yaml_.text("path", source);
    yaml_.close();
  }

  void write_outputs_of_node() {
    if (step_.outputs.empty()) return;
    yaml_.open("outputs");
    for (const StepOutput& output : step_.outputs) {
      if (!output.left_in.empty()) continue;
      if (!output.publish.empty()) yaml_.text(output_name(output.name), fmt::format("${{{{parent.outputs.{}}}}}", job_.outputs.of(step_.name + "." + output.name)));
      else if (step_.parallel()) write_output_type(output);
      else yaml_.empty(output_name(output.name));
    }
    yaml_.close();
  }

  void write_output_type(const StepOutput& output) {
    yaml_.open(output_name(output.name));
    yaml_.text("type", azure_type(output.type));
    if (!output.mode.empty()) yaml_.text("mode", output.mode == "mount" ? "rw_mount" : output.mode);
    yaml_.close();
  }

  void write_command() {
    const std::string file = fmt::format("components/{}.yml", job_.nodes.of(step_.name));
    yaml_.text("type", "command");
    yaml_.text("component", "./" + file);
    write_inputs_of_node(false);
    write_outputs_of_node();
    write_node_settings();
    job_.result.files.emplace(file, component());
  }

  void write_node_settings() {
    if (const std::string compute = compute_name(step_.compute); !step_.compute.empty() && compute != job_.compute) yaml_.text("compute", compute);
    if (step_.timeout && !step_.parallel()) {
      yaml_.open("limits");
      yaml_.plain("timeout", fmt::format("{:.0f}", std::max(1.0, step_.timeout->count())));
      yaml_.close();
    }
    std::map<std::string, std::string> variables;
    if (const Parallel* parallel = step_.parallel()) variables = parallel->config.environment_variables;
    for (const auto& [name, value] : step_.environment_variables) variables[name] = resolved(value);
    if (variables.empty()) return;
    yaml_.open("environment_variables");
    for (const auto& [name, value] : variables) yaml_.text(name, value);
    yaml_.close();
  }

  std::string component() {
    YamlWriter yaml;
    yaml.text("$schema", command_schema);
    yaml.text("name", lower(job_.nodes.of(step_.name)));
    yaml.text("version", "1");
    yaml.text("type", "command");
    yaml.text("display_name", step_.name);
    if (!step_.description.empty()) yaml.text("description", step_.description);
    if (!step_.allow_reuse) yaml.plain("is_deterministic", "false");
    declare_inputs(yaml);
    declare_outputs(yaml);
    if (!step_.source_directory.empty()) yaml.text("code", job_.relative(step_.source_directory, 1));
    write_environment(yaml, 1);
    write_distribution(yaml);
    yaml.text("command", command_line());
    return yaml.take();
  }

  // Our own commands have every value quoted, Azure puts them in as they are.
  std::string quoted(const Command& command) {
    if (command.plain_values) return resolved(command.text);
    ShellPlace place;
    std::string out;
    for (const auto& part : command.text.parts) {
      if (const auto* literal = std::get_if<std::string>(&part)) {
        place.pass(*literal);
        out += *literal;
        continue;
      }
      const auto& reference = std::get<Reference>(part);
      out += is_text(reference) ? quoted(reference, place.quote()) : text_of(reference);
    }
    return out;
  }

  bool is_text(const Reference& reference) const {
    if (reference.kind == RefKind::parameter) return job_.pipeline.parameter(reference.name)->type == ParameterType::string;
    const bool input = reference.kind == RefKind::input || reference.kind == RefKind::side_input;
    const StepInput* given = input ? step_.input(reference.name, reference.kind == RefKind::side_input) : nullptr;
    return given && given->from == StepInput::From::value;
  }

  std::string command_line() {
    if (const auto* command = std::get_if<Command>(&step_.action)) return quoted(*command);
    const Script& script = std::get<Script>(step_.action);
    return words("python " + shell_quote(script.name.value), script.arguments);
  }

  void declare_inputs(YamlWriter& yaml) {
    if (step_.inputs.empty() && parameters_.empty()) return;
    yaml.open("inputs");
    for (const StepInput& input : step_.inputs) {
      const bool value = input.from == StepInput::From::value;
      yaml.plain(input_name(input.name), fmt::format("{{type: {}}}", value ? "string" : azure_type(bound_type(input))));
    }
    for (const std::string& name : parameters_)
      yaml.plain(parameter_name(name), fmt::format("{{type: {}}}", input_type(*job_.pipeline.parameter(name))));
    yaml.close();
  }

  void declare_outputs(YamlWriter& yaml) {
    std::vector<const StepOutput*> outputs;
    for (const StepOutput& output : step_.outputs)
      if (output.left_in.empty()) outputs.push_back(&output);
    if (outputs.empty()) return;
    yaml.open("outputs");
    for (const StepOutput* output : outputs) yaml.plain(output_name(output->name), fmt::format("{{type: {}}}", azure_type(output->type)));
    yaml.close();
  }

  // `up`: how many folders below the job's the file is.
  void write_environment(YamlWriter& yaml, int up) {
    const bool files = step_.environment && (!step_.environment->conda_file.empty() || !step_.environment->conda_text.empty() || !step_.environment->image.empty());
    if (!files) {
      const std::string name = step_.environment && !step_.environment->name.empty() ? "azureml:" + step_.environment->name : curated_environment;
      if (name == curated_environment) job_.note(step_, fmt::format("it has no environment that Azure could build: {} stands in for it", name));
      return yaml.text("environment", name);
    }
    yaml.open("environment");
    yaml.text("image", step_.environment->image.empty() ? base_image : step_.environment->image);
    if (const auto conda = conda_file(); !conda.empty()) yaml.text("conda_file", job_.relative(conda, up));
    yaml.close();
  }

  // One that stood in place becomes a file of the job's.
  std::filesystem::path conda_file() {
    const Environment& environment = *step_.environment;
    if (environment.conda_text.empty()) return environment.conda_file;
    std::string name = environment.name;
    std::ranges::replace_if(name, [](unsigned char c) { return !std::isalnum(c); }, '-');
    const std::filesystem::path file = std::filesystem::path("environments") / (name + ".yml");
    job_.result.files.emplace(file, environment.conda_text);
    return job_.folder / file;
  }

  void write_distribution(YamlWriter& yaml) {
    const Distribution& distribution = step_.distribution;
    if (distribution.instances > 1) {
      yaml.open("resources");
      yaml.plain("instance_count", fmt::format("{}", distribution.instances));
      yaml.close();
    }
    constexpr std::string_view kinds[] = {"", "pytorch", "tensorflow", "mpi", "ray"};
    if (distribution.kind == Distribution::Kind::none) return;
    yaml.open("distribution");
    yaml.text("type", kinds[static_cast<int>(distribution.kind)]);
    if (distribution.kind == Distribution::Kind::pytorch || distribution.kind == Distribution::Kind::mpi)
      yaml.plain("process_count_per_instance", fmt::format("{}", distribution.processes_per_instance));
    if (distribution.workers > 0) yaml.plain("worker_count", fmt::format("{}", distribution.workers));
    if (distribution.parameter_servers > 0) yaml.plain("parameter_server_count", fmt::format("{}", distribution.parameter_servers));
    yaml.close();
  }

  void write_parallel() {
    const Parallel& parallel = *step_.parallel();
    const ParallelRunConfig& config = parallel.config;
    const auto split = std::find_if(step_.inputs.begin(), step_.inputs.end(), [](const StepInput& input) { return !input.side && input.from != StepInput::From::value; });
    yaml_.text("type", "parallel");
    write_inputs_of_node(true);
    write_outputs_of_node();
    if (split != step_.inputs.end()) yaml_.text("input_data", fmt::format("${{{{inputs.{}}}}}", input_name(split->name)));
    if (config.partition_keys.empty())
      yaml_.plain("mini_batch_size", fmt::format("\"{}{}\"", config.mini_batch_size.is_count ? config.mini_batch_size.value : std::max<std::int64_t>(1, config.mini_batch_size.value >> 10),
                                                 config.mini_batch_size.is_count ? "" : "kb"));
    else yaml_.list("partition_keys", config.partition_keys);
    yaml_.plain("mini_batch_error_threshold", fmt::format("{}", config.allowed_failed_count));
    yaml_.plain("error_threshold", fmt::format("{}", config.error_threshold));
    yaml_.text("logging_level", config.logging_level);
    if (config.process_count_per_node) yaml_.plain("max_concurrency_per_instance", fmt::format("{}", *config.process_count_per_node));
    yaml_.open("resources");
    yaml_.plain("instance_count", fmt::format("{}", config.node_count));
    yaml_.close();
    yaml_.open("retry_settings");
    yaml_.plain("max_retries", fmt::format("{}", config.run_max_try - 1));
    yaml_.plain("timeout", fmt::format("{:.0f}", std::max(1.0, config.run_invocation_timeout.count())));
    yaml_.close();
    write_node_settings();
    write_task(parallel);
  }

  void write_task(const Parallel& parallel) {
    const ParallelRunConfig& config = parallel.config;
    yaml_.open("task");
    yaml_.text("type", "run_function");
    yaml_.text("code", job_.relative(step_.source_directory));
    yaml_.text("entry_script", config.entry_script.value);
    write_environment(yaml_, 0);
    std::string flags = words("", parallel.arguments);
    const auto flag = [&](std::string_view name, const std::string& value) {
      if (flags.find(fmt::format("--{}", name)) == std::string::npos) flags += fmt::format("{}--{} {}", flags.empty() ? "" : " ", name, value);
    };
    if (config.allowed_failed_percent < 100) flag("allowed_failed_percent", fmt::format("{:g}", config.allowed_failed_percent));
    if (names_rows(config)) flag("append_row_file_name", shell_quote(config.append_row_file_name));
    if (config.task_overhead_timeout != Seconds(30)) flag("task_overhead_timeout", fmt::format("{:.0f}", config.task_overhead_timeout.count()));
    if (!flags.empty()) yaml_.text("program_arguments", flags);
    if (config.output_action == OutputAction::append_row && !step_.outputs.empty())
      yaml_.text("append_row_to", fmt::format("${{{{outputs.{}}}}}", output_name(step_.outputs.front().name)));
    yaml_.close();
  }

  // Azure calls it parallel_run_step.txt, if it is not told otherwise.
  bool names_rows(const ParallelRunConfig& config) const {
    const bool in_folder = config.output_action == OutputAction::append_row && !step_.outputs.empty() && step_.outputs.front().type != DataType::file;
    return in_folder && config.append_row_file_name != "parallel_run_step.txt";
  }

  void note_what_is_lost() {
    if (step_.retries > 0) job_.note(step_, "a command is not tried again by Azure: `retries` is left out");
    const auto other = [&](const std::string& name) { return name != job_.first; };
    if (std::any_of(step_.depends_on.begin(), step_.depends_on.end(), other)) job_.note(step_, "Azure orders steps by their data alone: `depends_on` is left out");
    if (!step_.hash_paths.empty()) job_.note(step_, "only `code` decides whether Azure reuses it: `hash_paths` are left out");
    if (!step_.secrets.empty()) job_.note(step_, "secrets are not handed on: take them from a key vault");
    for (const StepOutput& output : step_.outputs)
      if (!output.made)
        job_.note(step_, fmt::format("in v2 the folder of output {} is there before the script starts: os.makedirs needs exist_ok=True", output.name));
    if (!step_.expect.empty()) job_.note(step_, "Azure holds no result against `expect`: what comes behind it would run whatever came out");
    if (!step_.allow_reuse) job_.note(step_, "Azure runs it each time, as here");
    if (step_.parallel()) note_about_parallel(step_.parallel()->config);
  }

  void note_about_parallel(const ParallelRunConfig& config) {
    for (const StepInput& input : step_.inputs)
      if (!input.side && !input.below.empty()) job_.note(step_, fmt::format("Azure splits all of what input {} comes from, not its part {}", input.name, input.below));
    if (config.isolate_failures) job_.note(step_, "Azure does not take a failing mini-batch apart: all its items count as failed");
  }

  Job& job_;
  const Step& step_;
  YamlWriter& yaml_;
  const std::vector<std::string> parameters_;
  Names names_;
};

}  // namespace

std::string Job::relative(const std::filesystem::path& path, int up) const {
  std::filesystem::path from = folder;
  if (up > 0) from /= "components";
  const std::string text = path.lexically_relative(from).string();
  return text.starts_with("..") || text == "." ? text : "./" + text;
}

std::string compute_name(const std::string& name) { return name.starts_with("azureml:") || name == "serverless" ? name : "azureml:" + name; }

std::string why_not(const Step& step) {
  const Parallel* parallel = step.parallel();
  return parallel && parallel->config.model ? "it scores a model without Python, which Azure cannot" : "";
}

void write_node(Job& job, const Step& step, YamlWriter& yaml) { Writer(job, step, yaml).write(); }

}  // namespace mlpipe::azure
