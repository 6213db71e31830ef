// What only the whole pipeline shows.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "pipeline/graph.h"
#include "spec/reading/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

constexpr std::size_t longest_circle = 20;  // steps that a message names

void check_references(Context& context) {
  std::unordered_map<std::string, const StepOutput*> outputs;
  for (const Step& step : context.pipeline.steps)
    for (const StepOutput& output : step.outputs) outputs.emplace(step.name + "." + output.name, &output);
  for (const Step& step : context.pipeline.steps)
    for (const StepInput& input : step.inputs) {
      if (input.from != StepInput::From::step_output) continue;
      const auto source = context.steps.find(input.step);
      if (source == context.steps.end()) {
        context.error_at(input.where, fmt::format("unknown step `{}`", input.step), context.hint(input.step, context.step_names));
        continue;
      }
      const auto output = outputs.find(input.step + "." + input.source);
      if (output == outputs.end()) {
        std::vector<std::string> names;
        for (const StepOutput& known : context.pipeline.steps[source->second].outputs) names.push_back(known.name);
        context.error_at(input.where, fmt::format("step `{}` has no output `{}`", input.step, input.source),
                         names.empty() ? "it has no outputs" : context.hint(input.source, names));
      }
    }
}

Location where_needed(const Step& step, const std::string& needed) {
  for (const StepInput& input : step.inputs)
    if (input.from == StepInput::From::step_output && input.step == needed) return input.where;
  return step.where;
}

void check_cycles(Context& context) {
  const auto& steps = context.pipeline.steps;
  std::vector<std::size_t> circle = StepGraph(context.pipeline).cycle();
  if (circle.empty()) return;
  std::rotate(circle.begin(), std::min_element(circle.begin(), circle.end()), circle.end());
  std::vector<std::string> links;
  for (std::size_t i = 0; i < circle.size() && i < longest_circle; ++i)
    links.push_back(fmt::format("`{}` needs `{}`", steps[circle[i]].name, steps[circle[(i + 1) % circle.size()]].name));
  if (circle.size() > longest_circle) links.push_back("...");
  const Step& first = steps[circle.front()];
  context.error_at(where_needed(first, steps[circle[1 % circle.size()]].name),
                   fmt::format("steps wait for each other: {}", join(links, ", ")),
                   circle.size() == 1 ? "a step cannot read what it makes" : "one of them has to do without the other");
}

bool only_stand_ins_read(const Context& context, const std::string& input) {
  bool read = false;
  for (const Step& step : context.pipeline.steps)
    for (const StepInput& i : step.inputs) {
      if (i.from != StepInput::From::pipeline_input || i.source != input) continue;
      if (!context.is_used(step.name)) return false;
      read = true;
    }
  return read;
}

void check_input(Context& context, const PipelineInput& input) {
  const std::string another = input.overridden ? "" : fmt::format("`--input {}=PATH` names another place", input.name);
  const auto fail = [&](std::string message, std::string hint) {
    context.error_at(input.where, fmt::format("input `{}`: {}", input.name, message), std::move(hint));
  };
  if (!input.pattern.empty()) {
    if (!is_folder(input.path)) fail(fmt::format("the folder `{}` of the pattern does not exist", shown_path(input.path)), another);
    else if (input.type == DataType::file)
      fail("a pattern may match many files, but its type is file", "write `type: folder`, or name one file");
    return;
  }
  const bool native = context.pipeline.dialect == Dialect::native;
  const std::string as_file = native ? "write `type: file`" : "write `type: uri_file`", as_folder = native ? "write `type: folder`" : "write `type: uri_folder`";
  if (!path_exists(input.path)) {
    const bool looked = input.overridden || input.written.starts_with("azureml:");
    fail(fmt::format("`{}` does not exist", input.written),
         (looked ? fmt::format("looked for {}", shown_path(input.path)) : fmt::format("paths are relative to the {}file", native ? "pipeline " : "")) +
             (another.empty() ? "" : "; " + another));
  } else if (input.type == DataType::folder && !is_folder(input.path)) {
    fail(fmt::format("`{}` is a file, but its type is folder", input.written), as_file);
  } else if (input.type == DataType::file && is_folder(input.path)) {
    fail(fmt::format("`{}` is a folder, but its type is file", input.written), as_folder);
  } else if (input.type == DataType::mltable && !is_file(input.path / "MLTable")) {
    fail(fmt::format("`{}` is no mltable: that is a folder with a file named MLTable", input.written), is_folder(input.path) ? as_folder : as_file);
  }
}

void check_inputs_exist(Context& context) {
  for (std::size_t i = 0; i < context.input_names.size(); ++i) {
    const PipelineInput& input = context.pipeline.inputs[i];
    if (input.path.empty() || (!context.used_steps.empty() && only_stand_ins_read(context, input.name))) continue;
    check_input(context, input);
  }
}

}  // namespace

void check_pipeline(Context& context) {
  check_references(context);
  check_splits(context);
  check_cycles(context);
  check_inputs_exist(context);
  check_published(context);
  advise(context);
}

}  // namespace mlpipe::spec
