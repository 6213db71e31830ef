// Who needs whom: the edges that data (inputs, side inputs) and depends_on make between the steps of a pipeline.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"

namespace mlpipe {

// Steps are numbered as in Pipeline::steps. Names that no step has are ignored here; lib/spec reports them.
class StepGraph {
 public:
  explicit StepGraph(const Pipeline& pipeline);

  std::size_t size() const { return needs_.size(); }
  const std::vector<std::size_t>& needs(std::size_t step) const { return needs_[step]; }      // direct, without repetition
  const std::vector<std::size_t>& feeds(std::size_t step) const { return feeds_[step]; }

  // An order in which every step comes after what it needs, file order otherwise. Nothing: there is a cycle.
  std::optional<std::vector<std::size_t>> order() const;
  // The steps of one cycle, each needing the next and the last needing the first; empty: there is none.
  std::vector<std::size_t> cycle() const;
  // `step` and everything it needs, or everything that needs it, directly or not; as flags by step number.
  std::vector<bool> upstream(std::size_t step) const;
  std::vector<bool> downstream(std::size_t step) const;

 private:
  std::vector<std::vector<std::size_t>> needs_, feeds_;
};

}  // namespace mlpipe
