// Who works on which mini-batch, and how often it has been tried. Pure: no process, no clock, no disk.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "batch/plan/assignment.h"

namespace mlpipe {

// A worker has a few mini-batches in flight and works on the first of them. Mini-batches that failed a try, and their parts,
// come before new ones.
class Dispatcher {
 public:
  Dispatcher(std::uint64_t mini_batches, int workers, int max_tries);

  void mark_done(std::uint64_t mini_batch);  // before the first next()

  // What to send to `worker` now, if anything. It gets up to `window` in flight, but more than one only while there is
  // enough for everybody: the last ones go to whoever is free.
  std::optional<Assignment> next(int worker, std::size_t window);

  // Takes an answer. Nothing: it is not what this worker is working on (a late duplicate, a confused worker).
  std::optional<Assignment> answered(int worker, std::uint64_t mini_batch, std::uint32_t attempt);
  // The try of an answered or lost one failed. True: it will be tried again; false: it has used up its tries. Parts have one.
  bool failed(const Assignment& assignment);
  // Gives out the halves of what has used up its tries; `items`, of the whole assignment, are at least 2.
  void halve(const Assignment& assignment, std::uint32_t items);
  // The worker is gone: what it was working on, which the caller fails; what it had not begun goes back without a try.
  std::optional<Assignment> lost(int worker);
  // A try that shall not count: back to be given out again.
  void give_back(const Assignment& assignment) { again_.push_front(assignment); }

  const std::deque<Assignment>& in_flight(int worker) const { return in_flight_[static_cast<std::size_t>(worker)]; }
  std::uint64_t waiting() const { return fresh_ + again_.size(); }  // not given out
  bool finished() const { return waiting() == 0 && flying_ == 0; }

 private:
  Assignment take();

  std::vector<bool> done_;
  std::uint64_t next_ = 0;   // no fresh one is below
  std::uint64_t fresh_ = 0;
  std::uint64_t flying_ = 0;
  std::uint32_t max_tries_;
  std::deque<Assignment> again_;
  std::unordered_map<std::uint64_t, std::uint32_t> parts_;  // made so far of each mini-batch that was taken apart
  std::vector<std::deque<Assignment>> in_flight_;
};

}  // namespace mlpipe
