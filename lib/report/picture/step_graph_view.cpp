#include "report/picture/step_graph_view.h"

#include "pipeline/graph.h"

namespace mlpipe::picture {
namespace {

std::string kind_of(const Step& step) {
  if (const Parallel* parallel = step.parallel()) {
    const std::string& script = parallel->config.entry_script.value;
    return script.empty() ? "parallel, model" : "parallel, " + script;
  }
  if (const auto* script = std::get_if<Script>(&step.action)) return "script, " + script->name.value;
  return "command";
}

}  // namespace

DrawnGraph drawn(const Pipeline& pipeline) {
  DrawnGraph graph{pipeline.name, {}};
  const StepGraph edges(pipeline);
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i)
    graph.steps.push_back({pipeline.steps[i].name, kind_of(pipeline.steps[i]), "", edges.needs(i)});
  return graph;
}

}  // namespace mlpipe::picture
