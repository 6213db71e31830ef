#include "pipeline/graph.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>

namespace mlpipe {
namespace {

std::vector<bool> reach(std::size_t from, const std::vector<std::vector<std::size_t>>& edges) {
  std::vector<bool> seen(edges.size());
  std::vector<std::size_t> todo{from};
  seen[from] = true;
  while (!todo.empty()) {
    const std::size_t step = todo.back();
    todo.pop_back();
    for (const std::size_t next : edges[step])
      if (!seen[next]) {
        seen[next] = true;
        todo.push_back(next);
      }
  }
  return seen;
}

}  // namespace

StepGraph::StepGraph(const Pipeline& pipeline) : needs_(pipeline.steps.size()), feeds_(pipeline.steps.size()) {
  std::unordered_map<std::string, std::size_t> number;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) number.emplace(pipeline.steps[i].name, i);
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const auto need = [&](const std::string& name) {
      const auto found = number.find(name);
      if (found == number.end() || std::find(needs_[i].begin(), needs_[i].end(), found->second) != needs_[i].end()) return;
      needs_[i].push_back(found->second);
      feeds_[found->second].push_back(i);
    };
    for (const StepInput& input : pipeline.steps[i].inputs)
      if (input.from == StepInput::From::step_output) need(input.step);
    for (const std::string& name : pipeline.steps[i].depends_on) need(name);
  }
}

std::optional<std::vector<std::size_t>> StepGraph::order() const {
  std::vector<std::size_t> missing(size()), sorted;
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;  // lowest file position first
  for (std::size_t i = 0; i < size(); ++i)
    if ((missing[i] = needs_[i].size()) == 0) ready.push(i);
  while (!ready.empty()) {
    const std::size_t step = ready.top();
    ready.pop();
    sorted.push_back(step);
    for (const std::size_t next : feeds_[step])
      if (--missing[next] == 0) ready.push(next);
  }
  if (sorted.size() != size()) return std::nullopt;
  return sorted;
}

// Every step that is on or behind a cycle has a need that is too: following those must come back to itself.
std::vector<std::size_t> StepGraph::cycle() const {
  std::vector<std::size_t> missing(size()), ready;
  for (std::size_t i = 0; i < size(); ++i)
    if ((missing[i] = needs_[i].size()) == 0) ready.push_back(i);
  while (!ready.empty()) {
    const std::size_t step = ready.back();
    ready.pop_back();
    for (const std::size_t next : feeds_[step])
      if (--missing[next] == 0) ready.push_back(next);
  }
  const auto stuck = std::find_if(missing.begin(), missing.end(), [](std::size_t n) { return n > 0; });
  if (stuck == missing.end()) return {};
  std::vector<std::size_t> path, place(size(), size());
  for (std::size_t at = stuck - missing.begin();;) {
    if (place[at] < path.size()) return {path.begin() + place[at], path.end()};
    place[at] = path.size();
    path.push_back(at);
    at = *std::find_if(needs_[at].begin(), needs_[at].end(), [&](std::size_t need) { return missing[need] > 0; });
  }
}

std::vector<bool> StepGraph::upstream(std::size_t step) const { return reach(step, needs_); }
std::vector<bool> StepGraph::downstream(std::size_t step) const { return reach(step, feeds_); }

}  // namespace mlpipe
