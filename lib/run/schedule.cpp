#include "run/schedule.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace mlpipe {

Schedule::Schedule(const StepGraph& graph, std::vector<bool> considered, Room capacity, std::vector<bool> last)
    : graph_(&graph), states_(graph.size(), State::ended), missing_(graph.size()), last_(std::move(last)), held_(graph.size(), Room{0, 0}), free_(capacity), capacity_(capacity) {
  last_.resize(graph.size());
  std::size_t others = 0;
  for (std::size_t i = 0; i < graph.size(); ++i) others += considered[i] && !last_[i];
  for (std::size_t i = 0; i < graph.size(); ++i) {
    if (!considered[i]) continue;
    states_[i] = State::waiting;
    missing_[i] = std::count_if(graph.needs(i).begin(), graph.needs(i).end(), [&](std::size_t need) { return considered[need] && last_[need] == last_[i]; });
    if (last_[i]) missing_[i] += others;
    ++open_;
  }
}

std::optional<std::size_t> Schedule::take_ready() {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i] != State::waiting || missing_[i] > 0) continue;
    states_[i] = State::taken;
    return i;
  }
  return std::nullopt;
}

bool Schedule::acquire(std::size_t step, Room wanted) {
  assert(states_[step] == State::taken && held_[step].cores == 0);
  wanted = {std::clamp(wanted.cores, 1, capacity_.cores), std::min(wanted.memory, capacity_.memory)};
  if (wanted.cores > free_.cores || wanted.memory > free_.memory) return false;
  held_[step] = wanted;
  free_.cores -= wanted.cores;
  free_.memory -= wanted.memory;
  return true;
}

void Schedule::release(std::size_t step) {
  const Room held = std::exchange(held_[step], Room{0, 0});
  free_.cores += held.cores;
  free_.memory += held.memory;
}

void Schedule::succeeded(std::size_t step) {
  end(step);
  for (const std::size_t next : graph_->feeds(step))
    if (missing_[next] > 0 && last_[next] == last_[step]) --missing_[next];
}

void Schedule::failed(std::size_t step) {
  end(step);
  const std::vector<bool> below = graph_->downstream(step);
  for (std::size_t i = 0; i < below.size(); ++i)
    if (below[i] && states_[i] == State::waiting && last_[i] == last_[step]) skip(i, step);
}

void Schedule::stop() {
  for (std::size_t i = 0; i < states_.size(); ++i)
    if (states_[i] == State::waiting) skip(i, std::nullopt);
}

void Schedule::stop_all_but_last() {
  for (std::size_t i = 0; i < states_.size(); ++i)
    if (states_[i] == State::waiting && !last_[i]) skip(i, std::nullopt);
}

void Schedule::count_down_to_last(std::size_t ended) {
  if (last_[ended]) return;
  for (std::size_t i = 0; i < last_.size(); ++i)
    if (last_[i] && missing_[i] > 0) --missing_[i];
}

std::vector<Schedule::Skip> Schedule::take_skipped() { return std::exchange(skipped_, {}); }

void Schedule::end(std::size_t step) {
  assert(states_[step] == State::taken);
  states_[step] = State::ended;
  release(step);
  --open_;
  count_down_to_last(step);
}

void Schedule::skip(std::size_t step, std::optional<std::size_t> because) {
  states_[step] = State::ended;
  --open_;
  count_down_to_last(step);
  skipped_.push_back({step, because});
}

}  // namespace mlpipe
