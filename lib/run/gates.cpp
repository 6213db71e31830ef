#include "run/gates.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mlpipe {
namespace {

std::optional<double> found_in(const StepResult& result, const Expectation& expectation) {
  if (expectation.of == Expectation::Of::rows) return static_cast<double>(result.counts.rows);
  if (expectation.of == Expectation::Of::failed_items) return static_cast<double>(result.counts.failed_items);
  const auto metric = result.metrics.find(expectation.metric);
  return metric == result.metrics.end() ? std::nullopt : std::optional(metric->second);
}

// Of a name that nothing was tracked by: what was.
std::string tracked_names(const StepResult& result) {
  std::vector<std::string> names;
  for (const auto& [name, value] : result.metrics) names.push_back(name);
  return names.empty() ? "it tracked none: mlflow.log_metric(\"NAME\", value) does" : "it tracked " + join(names, ", ");
}

}  // namespace

std::optional<Error> missed_gates(const Step& step, const StepResult& result) {
  if (result.sample) return std::nullopt;
  std::vector<std::string> missed;
  bool untracked = false;
  for (const Expectation& expectation : step.expect) {
    const auto found = found_in(result, expectation);
    if (std::string text = shortfall(expectation, found); !text.empty()) missed.push_back(std::move(text));
    untracked |= !found;
  }
  if (missed.empty()) return std::nullopt;
  const std::string kept = fmt::format("the result is kept: with another `expect` it is taken as it is; --force-step {} makes a new one", step.name);
  return Error{ErrorKind::step_failed, "it does not meet `expect`: " + join(missed, "; "), untracked ? tracked_names(result) : kept};
}

bool has_gates(const Pipeline& pipeline) {
  return std::any_of(pipeline.steps.begin(), pipeline.steps.end(), [](const Step& step) { return !step.expect.empty(); });
}

}  // namespace mlpipe
