#include "batch/dispatcher.h"

#include <cassert>

namespace mlpipe {

Dispatcher::Dispatcher(std::uint64_t mini_batches, int workers, int max_tries)
    : done_(mini_batches), fresh_(mini_batches), max_tries_(static_cast<std::uint32_t>(max_tries)), in_flight_(static_cast<std::size_t>(workers)) {}

void Dispatcher::mark_done(std::uint64_t mini_batch) {
  assert(!done_[mini_batch]);
  done_[mini_batch] = true;
  --fresh_;
}

std::optional<Assignment> Dispatcher::next(int worker, bool ahead) {
  auto& mine = in_flight_[static_cast<std::size_t>(worker)];
  const bool second = mine.size() == 1 && ahead && waiting() > in_flight_.size();
  if (waiting() == 0 || !(mine.empty() || second)) return std::nullopt;
  mine.push_back(take());
  ++flying_;
  return mine.back();
}

Assignment Dispatcher::take() {
  std::uint64_t id;
  if (!again_.empty()) {
    id = again_.front();
    again_.pop_front();
  } else {
    while (done_[next_]) ++next_;
    id = next_++;
    --fresh_;
  }
  const auto tries = failed_tries_.find(id);
  return {id, tries == failed_tries_.end() ? 1 : tries->second + 1};
}

bool Dispatcher::answered(int worker, const Assignment& assignment) {
  auto& mine = in_flight_[static_cast<std::size_t>(worker)];
  if (mine.empty() || mine.front() != assignment) return false;
  mine.pop_front();
  --flying_;
  return true;
}

bool Dispatcher::failed(const Assignment& assignment) {
  if (assignment.attempt >= max_tries_) return false;
  failed_tries_[assignment.mini_batch] = assignment.attempt;
  again_.push_back(assignment.mini_batch);
  return true;
}

std::optional<Assignment> Dispatcher::lost(int worker) {
  auto& mine = in_flight_[static_cast<std::size_t>(worker)];
  if (mine.empty()) return std::nullopt;
  const Assignment first = mine.front();
  flying_ -= mine.size();
  while (mine.size() > 1) {
    give_back(mine.back());
    mine.pop_back();
  }
  mine.clear();
  return first;
}

void Dispatcher::give_back(const Assignment& assignment) { again_.push_front(assignment.mini_batch); }

}  // namespace mlpipe
