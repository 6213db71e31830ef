// Who works on which mini-batch, and how often it has been tried. Pure: no process, no clock, no disk.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

namespace mlpipe {

struct Assignment {
  std::uint64_t mini_batch = 0;
  std::uint32_t attempt = 1;

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

// A worker has at most two mini-batches in flight; it works on the first of them. Mini-batches that failed a try come
// before new ones.
class Dispatcher {
 public:
  Dispatcher(std::uint64_t mini_batches, int workers, int max_tries);

  void mark_done(std::uint64_t mini_batch);  // before the first next()

  // What to send to `worker` now, if anything. A second one in flight is given only with `ahead`, and only while there
  // is more than one for everybody: the last ones go to whoever is free.
  std::optional<Assignment> next(int worker, bool ahead);

  // Takes an answer: false when it is not what this worker is working on (a late duplicate, a confused worker).
  bool answered(int worker, const Assignment& assignment);
  // The try of an answered or lost one failed. True: it will be tried again; false: it is given up.
  bool failed(const Assignment& assignment);
  // The worker is gone: what it was working on, which the caller fails; what it had not begun goes back without a try.
  std::optional<Assignment> lost(int worker);
  // A try that shall not count: back to be given out again.
  void give_back(const Assignment& assignment);

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
  std::deque<std::uint64_t> again_;
  std::unordered_map<std::uint64_t, std::uint32_t> failed_tries_;
  std::vector<std::deque<Assignment>> in_flight_;
};

}  // namespace mlpipe
