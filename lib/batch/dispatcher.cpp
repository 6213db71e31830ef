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

std::optional<Assignment> Dispatcher::next(int worker, std::size_t window) {
  auto& mine = in_flight_[static_cast<std::size_t>(worker)];
  const bool ahead = mine.size() < window && waiting() > mine.size() * in_flight_.size();
  if (waiting() == 0 || !(mine.empty() || ahead)) return std::nullopt;
  mine.push_back(take());
  ++flying_;
  return mine.back();
}

Assignment Dispatcher::take() {
  if (!again_.empty()) {
    const Assignment assignment = again_.front();
    again_.pop_front();
    return assignment;
  }
  while (done_[next_]) ++next_;
  --fresh_;
  return {next_++, 1, {}};
}

std::optional<Assignment> Dispatcher::answered(int worker, std::uint64_t mini_batch, std::uint32_t attempt) {
  auto& mine = in_flight_[static_cast<std::size_t>(worker)];
  if (mine.empty() || mine.front().mini_batch != mini_batch || mine.front().attempt != attempt) return std::nullopt;
  const Assignment assignment = mine.front();
  mine.pop_front();
  --flying_;
  return assignment;
}

bool Dispatcher::failed(const Assignment& assignment) {
  if (assignment.attempt >= max_tries_) return false;
  again_.push_back({assignment.mini_batch, assignment.attempt + 1, {}});
  return true;
}

void Dispatcher::halve(const Assignment& assignment, std::uint32_t items) {
  assert(items > 1);
  auto& parts = parts_[assignment.mini_batch];
  const std::uint32_t half = items / 2, first = assignment.slice.first;
  again_.push_front({assignment.mini_batch, max_tries_ + parts + 2, {first + half, items - half}});
  again_.push_front({assignment.mini_batch, max_tries_ + parts + 1, {first, half}});
  parts += 2;
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

}  // namespace mlpipe
