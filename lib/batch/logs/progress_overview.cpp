#include "batch/logs/progress_overview.h"

#include <algorithm>

#include <fmt/format.h>

namespace mlpipe {
namespace {

constexpr auto not_sooner = std::chrono::seconds(5);

}  // namespace

std::string format_hours(Seconds time) {
  const auto seconds = std::max(0LL, static_cast<long long>(std::min(time.count(), 3.6e12) + 0.5));
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

ProgressOverview::ProgressOverview(Path logs, const Clock& clock)
    : logs_(std::move(logs)), clock_(clock), begun_(clock.steady()), told_(begun_) {}

void ProgressOverview::say(std::string_view sentence) {
  const auto now = clock_.wall();
  const auto stamp = format_stamp(now);
  const auto day = stamp.substr(0, 8);
  if (day != day_) {
    day_ = day;
    file_ = LogFile(logs_ / fmt::format("job_progress_overview.{}.txt", stamp.substr(0, 15)));
  }
  file_.append(fmt::format("{} {}\n", format_utc(now), sentence));
}

void ProgressOverview::processed(std::uint64_t done, std::uint64_t total, std::optional<Seconds> remaining, SteadyTime now, bool last) {
  if (!last && now - told_ < not_sooner) return;
  told_ = now;
  auto text = fmt::format("processed {} of {} mini-batches in {}", done, total, format_hours(now - begun_));
  if (remaining) text += "; estimated remaining time " + format_hours(*remaining);
  say(text);
}

}  // namespace mlpipe
