#include "report/live_table.h"

#include <fmt/format.h>

#include <algorithm>

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
  return active_.emplace_back(Row{step, "runs", now, std::nullopt, now, 0});
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

void LiveTable::end(const std::string& step) {
  std::erase_if(active_, [&](const Row& row) { return row.step == step; });
  ++ended_;
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

std::string LiveTable::draw(const Row& row, SteadyTime now, std::size_t name_width) const {
  std::string text = fmt::format("{:<{}}  {:<5}  {:>8}", row.step, name_width, row.state, format_seconds(now - row.since));
  if (row.progress) text += "  " + describe(*row.progress);
  if (const auto items = rate(row, now)) text += fmt::format("  {:.{}f} items/s", *items, *items < 10 ? 1 : 0);
  if (row.progress && row.progress->remaining) text += "  " + time_left(*row.progress->remaining);
  return text;
}

std::string LiveTable::summary(SteadyTime now) const {
  return fmt::format("{} of {} steps ended, {} running, {}", ended_, steps_, active_.size(), format_seconds(now - begun_));
}

std::vector<std::string> LiveTable::rows(SteadyTime now, std::size_t width, std::size_t height) const {
  if (active_.empty() || height == 0) return {};
  std::size_t name_width = 0;
  for (const Row& row : active_) name_width = std::max(name_width, row.step.size());
  const bool all_fit = active_.size() + 1 <= height;
  const std::size_t shown = all_fit ? active_.size() : height - std::min<std::size_t>(height, 2);
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < shown; ++i) rows.push_back(clip(draw(active_[i], now, name_width), width));
  if (!all_fit && height >= 2) rows.push_back(clip(fmt::format("+ {} more", active_.size() - shown), width));
  rows.push_back(clip(summary(now), width));
  return rows;
}

}  // namespace mlpipe
