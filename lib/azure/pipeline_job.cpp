#include "azure/pipeline_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "azure/step_writer.h"
#include "azure/values.h"
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

void note_inputs(Job& job, const PipelineInput& input) {
  const auto note = [&](std::string message) { job.result.notes.push_back({"", std::move(message)}); };
  if (input.type == DataType::table)
    note(fmt::format("Azure types the columns of input {} itself: those of 0 and 1 become True and False, dates become datetimes; here they are as pandas reads them", input.name));
  else if (is_list_of_files(job.pipeline, input)) return;
  else if (!input.pattern.empty())
    note(fmt::format("Azure takes patterns only for what parallel steps split: input {} is all of its folder, not only {}", input.name, input.pattern));
  else if (!input.table.partition_format.empty())
    note(fmt::format("Azure takes a partition_format only for what parallel steps split: input {} goes without", input.name));
}

std::string table_folder(Job& job, const PipelineInput& input, const IsFolder& is_folder) {
  const std::filesystem::path below = std::filesystem::path("data") / job.inputs.of(input.name);
  job.result.files.emplace(below / "MLTable", mltable_text(input, job.folder / below, is_folder));
  return "./" + below.string();
}

void write_input(Job& job, const PipelineInput& input, const IsFolder& is_folder, YamlWriter& yaml) {
  const bool described = input.type == DataType::table || is_list_of_files(job.pipeline, input);
  yaml.open(job.inputs.of(input.name));
  yaml.text("type", described ? "mltable" : type_of(input));
  yaml.text("path", !input.url.empty() ? input.url : described ? table_folder(job, input, is_folder) : job.relative(input.path));
  yaml.close();
}

void write_inputs(Job& job, const IsFolder& is_folder, YamlWriter& yaml) {
  const Pipeline& pipeline = job.pipeline;
  if (pipeline.inputs.empty() && pipeline.parameters.empty()) return;
  yaml.open("inputs");
  for (const Parameter& parameter : pipeline.parameters) {
    const std::string& name = job.inputs.of(parameter.name, "parameter");
    if (input_type(parameter) == "string") yaml.text(name, parameter.value);
    else yaml.plain(name, parameter.value);
  }
  for (const PipelineInput& input : pipeline.inputs) {
    note_inputs(job, input);
    write_input(job, input, is_folder, yaml);
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

// The compute that most steps name.
std::string common_compute(Job& job) {
  std::map<std::string, int> uses;
  for (const Step& step : job.pipeline.steps)
    if (!step.compute.empty() && step.compute != "local") ++uses[compute_name(step.compute)];
  const auto most = std::max_element(uses.begin(), uses.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != uses.end()) return most->first;
  job.result.notes.push_back({"", fmt::format("no step names a compute: {} stands for the one that you have", any_compute)});
  return any_compute;
}

bool stands_alone(const Pipeline& pipeline, const Step& step) {
  const auto from_step = [](const StepInput& input) { return input.from == StepInput::From::step_output; };
  if (std::any_of(step.inputs.begin(), step.inputs.end(), from_step)) return false;
  for (const Step& other : pipeline.steps)
    for (const StepInput& input : other.inputs)
      if (from_step(input) && input.step == step.name) return false;
  return step.depends_on.empty() && !step.finalizes;
}

bool waits_for(const Step& step, const std::string& name) { return std::find(step.depends_on.begin(), step.depends_on.end(), name) != step.depends_on.end(); }

// The step that all others wait for, exchanging no data with it: what Azure calls on_init. Empty: there is none.
std::string first_of_all(const Job& job, const std::set<std::size_t>& left_out) {
  const auto& steps = job.pipeline.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (left_out.count(i) || !stands_alone(job.pipeline, steps[i])) continue;
    std::size_t waiting = 0, others = 0;
    for (std::size_t other = 0; other < steps.size(); ++other) {
      if (other == i || left_out.count(other) || steps[other].finalizes) continue;
      ++others;
      waiting += waits_for(steps[other], steps[i].name) ? 1 : 0;
    }
    if (others > 0 && waiting == others) return steps[i].name;
  }
  return "";
}

void write_last(Job& job, YamlWriter& yaml, const std::set<std::size_t>& left_out) {
  std::vector<const Step*> last;
  for (std::size_t i = 0; i < job.pipeline.steps.size(); ++i)
    if (job.pipeline.steps[i].finalizes && !left_out.count(i)) last.push_back(&job.pipeline.steps[i]);
  if (last.size() == 1) return yaml.text("on_finalize", job.nodes.of(last.front()->name));
  for (const Step* step : last) job.note(*step, "Azure has one node that comes last: it runs as soon as its data is there");
}

void write_settings(Job& job, YamlWriter& yaml, const std::set<std::size_t>& left_out) {
  const Pipeline& pipeline = job.pipeline;
  job.first = first_of_all(job, left_out);
  job.compute = common_compute(job);
  yaml.open("settings");
  if (!job.first.empty()) yaml.text("on_init", job.nodes.of(job.first));
  write_last(job, yaml, left_out);
  yaml.text("default_compute", job.compute);
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

PipelineJob to_pipeline_job(const Pipeline& pipeline, const std::filesystem::path& folder, const IsFolder& is_folder) {
  Job job{pipeline, folder};
  const auto left_out = without(job);
  YamlWriter yaml;
  yaml.text("$schema", job_schema);
  yaml.text("type", "pipeline");
  yaml.text("display_name", pipeline.name);
  if (!pipeline.description.empty()) yaml.text("description", pipeline.description);
  write_settings(job, yaml, left_out);
  write_inputs(job, is_folder, yaml);
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
