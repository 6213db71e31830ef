#include "batch/logs/remaining_time.h"

namespace mlpipe {
namespace {

constexpr auto apart = std::chrono::seconds(1), long_enough = std::chrono::seconds(2), lately = std::chrono::seconds(60);
constexpr std::uint64_t enough = 20;

}  // namespace

void RemainingTime::begin(SteadyTime now, std::uint64_t done) { points_ = {{now, done}}; }

void RemainingTime::progress(SteadyTime now, std::uint64_t done) {
  if (points_.empty()) return;
  const bool replaces = points_.size() >= 2 && now - points_[points_.size() - 2].when < apart;
  if (replaces) {
    points_.back() = {now, done};
    return;
  }
  points_.push_back({now, done});
  while (points_.size() > 2 && now - points_[1].when >= lately && done - points_[1].done >= enough) points_.pop_front();
}

std::optional<Seconds> RemainingTime::remaining(std::uint64_t total) const {
  if (points_.empty()) return std::nullopt;
  const auto& first = points_.front();
  const auto& last = points_.back();
  if (last.when - first.when < long_enough || last.done <= first.done || last.done >= total) return std::nullopt;
  return Seconds(last.when - first.when) / static_cast<double>(last.done - first.done) * static_cast<double>(total - last.done);
}

}  // namespace mlpipe
