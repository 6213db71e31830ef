#include "azure/pipeline_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "azure/step_writer.h"
#include "base/text.h"
#include "pipeline/graph.h"

namespace mlpipe::azure {
namespace {

constexpr const char* job_schema = "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json";
constexpr const char* any_compute = "azureml:cpu-cluster";

// Those that Azure cannot run, and all that need what they make.
std::set<std::size_t> without(Job& job) {
  const StepGraph graph(job.pipeline);
  std::set<std::size_t> left_out;
  for (std::size_t i = 0; i < job.pipeline.steps.size(); ++i) {
    const std::string reason = why_not(job.pipeline.steps[i]);
    if (reason.empty()) continue;
    const auto below = graph.downstream(i);
    for (std::size_t other = 0; other < below.size(); ++other) {
      if (!below[other] || !left_out.insert(other).second) continue;
      job.note(job.pipeline.steps[other], other == i ? fmt::format("left out: {}", reason) : fmt::format("left out: it needs {}", job.pipeline.steps[i].name));
      job.result.left_out.push_back(job.pipeline.steps[other].name);
    }
  }
  return left_out;
}

std::string_view type_of(const PipelineInput& input) {
  switch (input.type) {
    case DataType::file: return "uri_file";
    case DataType::mltable:
    case DataType::table: return "mltable";
    default: return "uri_folder";
  }
}

// A table is data that an MLTable describes: one is written for it.
void note_pattern(Job& job, const PipelineInput& input) {
  if (!input.pattern.empty() && input.type != DataType::table)
    job.result.notes.push_back({"", fmt::format("Azure takes no patterns: input {} is all of its folder, not only {}", input.name, input.pattern)});
}

std::string table_folder(Job& job, const PipelineInput& input, const std::string& name) {
  const std::filesystem::path below = std::filesystem::path("data") / name;
  const std::string up = input.path.lexically_relative(job.folder / below).string();
  YamlWriter yaml;
  const std::string place = input.pattern.empty() ? up : up + "/" + input.pattern;
  const bool folder = input.pattern.empty() && !input.path.has_extension();
  yaml.plain("paths", "");
  std::string text = yaml.take() + fmt::format("  - {}: {}\n", folder ? "folder" : input.pattern.empty() ? "file" : "pattern", yaml_scalar(place));
  text += fmt::format("transformations:\n  - read_delimited:\n      delimiter: {}\n      header: {}\n", yaml_scalar(input.table.delimiter.value_or(",")),
                      input.table.header.value_or(true) ? "all_files_same_headers" : "no_header");
  if (!input.table.partition_format.empty())
    text += fmt::format("  - extract_columns_from_partition_format: {{partition_format: {}}}\n", yaml_scalar(input.table.partition_format));
  job.result.files.emplace(below / "MLTable", text);
  return "./" + below.string();
}

void write_inputs(Job& job, YamlWriter& yaml) {
  const Pipeline& pipeline = job.pipeline;
  if (pipeline.inputs.empty() && pipeline.parameters.empty()) return;
  yaml.open("inputs");
  for (const Parameter& parameter : pipeline.parameters) {
    const bool text = parameter.type == ParameterType::string;
    if (text) yaml.text(job.inputs.of(parameter.name, "parameter"), parameter.value);
    else yaml.plain(job.inputs.of(parameter.name, "parameter"), parameter.value);
  }
  for (const PipelineInput& input : pipeline.inputs) {
    const std::string& name = job.inputs.of(input.name);
    note_pattern(job, input);
    yaml.open(name);
    yaml.text("type", type_of(input));
    if (!input.url.empty()) yaml.text("path", input.url);
    else yaml.text("path", input.type == DataType::table ? table_folder(job, input, name) : job.relative(input.path));
    yaml.close();
  }
  yaml.close();
}

void write_outputs(Job& job, YamlWriter& yaml, const std::set<std::size_t>& left_out) {
  bool open = false;
  for (std::size_t i = 0; i < job.pipeline.steps.size(); ++i)
    for (const StepOutput& output : job.pipeline.steps[i].outputs) {
      if (output.publish.empty() || left_out.count(i)) continue;
      if (!std::exchange(open, true)) yaml.open("outputs");
      yaml.open(job.outputs.of(job.pipeline.steps[i].name + "." + output.name));
      yaml.text("type", output.type == DataType::file ? "uri_file" : output.type == DataType::folder ? "uri_folder" : "mltable");
      yaml.text("mode", "upload");
      yaml.close();
      job.note(job.pipeline.steps[i], fmt::format("output {} goes to the workspace's datastore, not to {}", output.name, output.publish_written));
    }
  if (open) yaml.close();
}

void write_settings(Job& job, YamlWriter& yaml) {
  const Pipeline& pipeline = job.pipeline;
  yaml.open("settings");
  const auto last = std::count_if(pipeline.steps.begin(), pipeline.steps.end(), [](const Step& step) { return step.finalizes; });
  for (const Step& step : pipeline.steps) {
    if (step.finalizes && last == 1) yaml.text("on_finalize", job.nodes.of(step.name));
    else if (step.finalizes) job.note(step, "Azure has one node that comes last: it runs as soon as its data is there");
  }
  yaml.text("default_compute", any_compute);
  if (!pipeline.continue_on_step_failure) yaml.plain("continue_on_step_failure", "false");
  if (pipeline.force_rerun) yaml.plain("force_rerun", "true");
  yaml.close();
}

// Sources that several steps share: for Azure a change of it is a change of all of them, as here.
void note_shared(Job& job) {
  std::map<std::filesystem::path, std::vector<std::string>> users;
  for (const Step& step : job.pipeline.steps)
    if (!step.source_directory.empty()) users[step.source_directory].push_back(step.name);
  for (const auto& [folder, steps] : users)
    if (steps.size() > 1) job.result.notes.push_back({"", fmt::format("{} share one source directory: a change in it makes Azure run all of them", join(steps, ", "))});
}

}  // namespace

PipelineJob to_pipeline_job(const Pipeline& pipeline, const std::filesystem::path& folder) {
  Job job{pipeline, folder};
  const auto left_out = without(job);
  YamlWriter yaml;
  yaml.text("$schema", job_schema);
  yaml.text("type", "pipeline");
  yaml.text("display_name", pipeline.name);
  if (!pipeline.description.empty()) yaml.text("description", pipeline.description);
  write_settings(job, yaml);
  write_inputs(job, yaml);
  write_outputs(job, yaml, left_out);
  yaml.open("jobs");
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i)
    if (!left_out.count(i)) write_node(job, pipeline.steps[i], yaml);
  yaml.close();
  note_shared(job);
  job.result.files.emplace("pipeline.yml", yaml.take());
  return std::move(job.result);
}

}  // namespace mlpipe::azure
