#include "report/live_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "report/terminal_text.h"
#include "report/wording.h"

namespace mlpipe {

void LiveTable::begin(std::size_t steps, SteadyTime now) {
  steps_ = steps;
  begun_ = now;
}

LiveTable::Row& LiveTable::row(const std::string& step, SteadyTime now) {
  const auto found = std::find_if(active_.begin(), active_.end(), [&](const Row& row) { return row.step == step; });
  if (found != active_.end()) return *found;
  return active_.emplace_back(Row{step, "runs", now, std::nullopt, now});
}

void LiveTable::wait(const std::string& step, SteadyTime now) { row(step, now).state = "waits"; }

void LiveTable::start(const std::string& step, SteadyTime now) {
  Row& started = row(step, now);
  if (started.state == "waits") started.since = now;
  started.state = "runs";
}

void LiveTable::progress(const std::string& step, const ParallelProgress& progress, SteadyTime now) {
  Row& moved = row(step, now);
  if (!moved.progress) {
    moved.progress_since = now;
    moved.items_before = progress.items_done;
  }
  moved.progress = progress;
}

void LiveTable::memory(const std::map<std::string, std::uint64_t>& bytes) {
  for (Row& row : active_)
    if (const auto found = bytes.find(row.step); found != bytes.end()) row.memory = found->second;
}

void LiveTable::end(const std::string& step, bool failed) {
  std::erase_if(active_, [&](const Row& row) { return row.step == step; });
  ++ended_;
  if (failed) ++failed_;
}

std::optional<double> LiveTable::rate(const Row& row, SteadyTime now) const {
  if (!row.progress || row.progress->items_done <= row.items_before) return std::nullopt;
  const double seconds = Seconds(now - row.progress_since).count();
  if (seconds < 0.2) return std::nullopt;
  return static_cast<double>(row.progress->items_done - row.items_before) / seconds;
}

std::optional<double> LiveTable::items_per_second(const std::string& step, SteadyTime now) const {
  for (const Row& row : active_)
    if (row.step == step) return rate(row, now);
  return std::nullopt;
}

// In the order of a reader's eyes.
std::vector<LiveTable::Part> LiveTable::parts_of(const Row& row, SteadyTime now) const {
  std::vector<Part> parts{{0, fmt::format("{:<5}", row.state)}, {1, fmt::format("{:>8}", format_seconds(now - row.since))}};
  if (row.progress && row.progress->items > 0) parts.push_back({2, fmt::format("{}/{} items", row.progress->items_done, row.progress->items)});
  if (row.progress && row.progress->items_failed > 0) parts.push_back({4, fmt::format("{} failed", row.progress->items_failed)});
  if (const auto items = rate(row, now)) parts.push_back({5, fmt::format("{:.{}f} items/s", *items, *items < 10 ? 1 : 0)});
  if (row.progress && row.progress->remaining) parts.push_back({3, time_left(*row.progress->remaining)});
  if (row.progress && row.progress->workers > 0) parts.push_back({7, plural(static_cast<std::size_t>(row.progress->workers), "worker")});
  if (row.memory > 0) parts.push_back({6, format_bytes(row.memory)});
  if (row.progress) parts.push_back({8, fmt::format("{}/{} mini-batches", row.progress->done + row.progress->failed, row.progress->mini_batches)});
  return parts;
}

std::string LiveTable::draw(const Row& row, SteadyTime now, std::size_t name_width, std::size_t width) const {
  std::vector<Part> parts = parts_of(row, now);
  const std::string name = clip(row.step, name_width);
  for (;;) {
    std::string text = name + std::string(name_width - std::min(name_width, columns(name)), ' ');
    for (const Part& part : parts) text += "  " + part.text;
    if (columns(text) <= width || parts.size() == 1) return clip(text, width);
    parts.erase(std::max_element(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.rank < b.rank; }));
  }
}

std::string LiveTable::state_of(const std::string& step, SteadyTime now) const {
  std::string text;
  for (const Row& row : active_)
    if (row.step == step)
      for (const Part& part : parts_of(row, now)) text += (text.empty() ? "" : ", ") + std::string(trim(part.text));
  return text;
}

std::vector<std::string> LiveTable::active() const {
  std::vector<std::string> names;
  for (const Row& row : active_) names.push_back(row.step);
  return names;
}

std::string LiveTable::summary(SteadyTime now) const {
  const std::string failed = failed_ > 0 ? fmt::format("{} failed, ", failed_) : "";
  return fmt::format("{} of {} steps ended, {}{} running, {}", ended_, steps_, failed, active_.size(), format_seconds(now - begun_));
}

std::vector<std::string> LiveTable::rows(SteadyTime now, std::size_t width, std::size_t height) const {
  if (active_.empty() || height == 0) return {};
  std::size_t name_width = 0;
  for (const Row& row : active_) name_width = std::max(name_width, columns(row.step));
  name_width = std::min(name_width, std::max<std::size_t>(8, width / 3));
  const bool all_fit = active_.size() + 1 <= height;
  const std::size_t shown = all_fit ? active_.size() : height - std::min<std::size_t>(height, 2);
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < shown; ++i) rows.push_back(draw(active_[i], now, name_width, width));
  if (!all_fit && height >= 2) rows.push_back(clip(fmt::format("+ {} more", active_.size() - shown), width));
  rows.push_back(clip(summary(now), width));
  return rows;
}

}  // namespace mlpipe
