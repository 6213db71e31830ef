#include "run/selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mlpipe {
namespace {

Result<std::size_t> number_of(const Pipeline& pipeline, const std::string& name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    if (pipeline.steps[i].name == name) return i;
    names.push_back(pipeline.steps[i].name);
  }
  return Error{ErrorKind::usage, fmt::format("there is no step `{}` in {}", name, pipeline.file.filename().string()), suggestion(name, names)};
}

Result<std::vector<bool>> wanted_steps(const Pipeline& pipeline, const StepGraph& graph, const RunRequest& request, Selection& selection) {
  if (request.step.has_value() + request.from.has_value() + request.until.has_value() > 1)
    return Error{ErrorKind::usage, "--step, --from and --until exclude each other", ""};
  const auto& [option, name] = request.step   ? std::pair("--step", request.step)
                               : request.from ? std::pair("--from", request.from)
                                              : std::pair("--until", request.until);
  if (!name) return std::vector<bool>(pipeline.steps.size(), true);
  MLPIPE_TRY(const std::size_t step, number_of(pipeline, *name));
  selection.description.push_back(fmt::format("{} {}", option, *name));
  if (request.from) return graph.downstream(step);
  if (request.until) return graph.upstream(step);
  std::vector<bool> only(pipeline.steps.size());
  only[step] = true;
  return only;
}

// What a step that runs needs, directly; only data matters: an order without data asks nothing of a step that is left out.
void mark_given(const Pipeline& pipeline, const StepGraph& graph, Selection& selection) {
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    if (selection.parts[i] != Part::run) continue;
    for (const std::size_t need : graph.needs(i)) {
      const auto& inputs = pipeline.steps[i].inputs;
      const bool data = std::any_of(inputs.begin(), inputs.end(), [&](const StepInput& input) {
        return input.from == StepInput::From::step_output && input.step == pipeline.steps[need].name;
      });
      if (data && selection.parts[need] == Part::out) selection.parts[need] = Part::given;
    }
  }
}

}  // namespace

Result<Selection> select(const Pipeline& pipeline, const StepGraph& graph, const RunRequest& request) {
  Selection selection;
  MLPIPE_TRY(const std::vector<bool> wanted, wanted_steps(pipeline, graph, request, selection));
  selection.parts.assign(pipeline.steps.size(), Part::out);
  selection.forced.assign(pipeline.steps.size(), request.force || pipeline.force_rerun);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) selection.parts[i] = Part::run;
  for (const auto& [name, folder] : request.use) {
    MLPIPE_TRY(const std::size_t step, number_of(pipeline, name));
    if (!is_folder(folder)) return Error{ErrorKind::usage, fmt::format("--use {}={}: there is no such folder", name, folder.string()), ""};
    const auto& feeds = graph.feeds(step);
    const bool read = std::any_of(feeds.begin(), feeds.end(), [&](std::size_t fed) { return selection.parts[fed] == Part::run; });
    if (wanted[step] || read) selection.parts[step] = Part::use;
    selection.description.push_back(fmt::format("--use {}={}", name, folder.string()));
  }
  for (const std::string& name : request.force_steps) {
    MLPIPE_TRY(const std::size_t step, number_of(pipeline, name));
    selection.forced[step] = true;
  }
  if (request.sample) selection.description.push_back(fmt::format("--sample {}", *request.sample));
  mark_given(pipeline, graph, selection);
  return selection;
}

}  // namespace mlpipe
