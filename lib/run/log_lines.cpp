#include "run/log_lines.h"

#include <algorithm>

namespace mlpipe {
namespace {

constexpr std::size_t time_length = 23;  // 2026-11-23 00:15:30,123
constexpr std::size_t longest_line = 1u << 20;

}  // namespace

std::optional<OwnTime> own_time_of(std::string_view line) {
  if (line.size() < time_length) return std::nullopt;
  std::string text(line.substr(0, time_length));
  if (text[10] == ' ') text[10] = 'T';
  if (text[19] == ',') text[19] = '.';
  const WallTime time = parse_utc(text + 'Z');
  if (time == WallTime{}) return std::nullopt;
  return OwnTime{time, line.substr(time_length)};
}

LogLines::LogLines(LogFilter filter, PrintMark source, std::vector<std::pair<WallTime, WallTime>> windows)
    : filter_(std::move(filter)), now_(std::move(source)), windows_(std::move(windows)) {}

void LogLines::add(const std::vector<PrintMark>& marks) {
  ahead_.insert(ahead_.end(), marks.begin(), marks.end());
  indexed_ |= !marks.empty();
}

void LogLines::pass_marks() {
  for (; !ahead_.empty() && ahead_.front().offset <= offset_; ahead_.pop_front()) now_ = std::move(ahead_.front());
}

bool LogLines::wants_source() const {
  return (!filter_.stderr_only || now_.is_stderr) && (!filter_.process || now_.process == *filter_.process) &&
         (!filter_.mini_batch || !indexed_ || now_.mini_batch == filter_.mini_batch);
}

std::string LogLines::feed(std::string_view text) {
  std::string chosen;
  while (!text.empty()) {
    if (line_.ends_with('\r') && text.front() != '\n') chosen += take_line();
    pass_marks();
    const auto next_mark = ahead_.empty() ? text.size() : std::min<std::uint64_t>(text.size(), ahead_.front().offset - offset_);
    const auto line_end = text.find_first_of("\r\n");
    const auto size = std::min<std::size_t>(next_mark, line_end == std::string_view::npos ? text.size() : line_end + 1);
    if (wants_source()) {
      if (line_.empty() && now_.time != WallTime{}) line_time_ = now_.time;
      line_ += text.substr(0, size);
    }
    offset_ += size;
    text.remove_prefix(size);
    if (line_.ends_with('\n') || line_.size() > longest_line) chosen += take_line();
  }
  return chosen;
}

std::string LogLines::flush() {
  if (line_.empty()) return {};
  line_ += '\n';
  return take_line();
}

std::string LogLines::take_line() {
  std::string line = std::exchange(line_, {});
  // A script's own time may be local, or the time that it speaks of.
  const auto own = indexed_ ? std::nullopt : own_time_of(line);
  if (own) line_time_ = own->time;
  if (filter_.since && line_time_ + (indexed_ ? mark_grain : mark_grain.zero()) < *filter_.since) return {};
  const bool busy = std::any_of(windows_.begin(), windows_.end(), [&](const auto& window) { return line_time_ >= window.first && line_time_ <= window.second; });
  if (filter_.mini_batch && !indexed_ && !busy) return {};
  const std::string_view text = std::string_view(line).substr(0, line.find_last_not_of("\r\n") + 1);
  return filter_.pattern && !filter_.pattern->matches(text) ? std::string() : line;
}

}  // namespace mlpipe
