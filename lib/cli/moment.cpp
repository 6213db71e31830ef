#include "cli/moment.h"

#include <algorithm>

#include "upkeep/gc.h"

namespace mlpipe::cli {

std::optional<WallTime> parse_moment(const std::string& text, WallTime now) {
  constexpr std::string_view shape = "0000-00-00T00:00:00.000Z";
  constexpr std::size_t date = 10;
  if (const auto age = parse_age(text)) return now - std::chrono::duration_cast<WallTime::duration>(*age);
  std::string whole = text;
  if (whole.ends_with('Z')) whole.pop_back();
  const bool time_alone = whole.size() > 2 && whole[2] == ':';
  if (time_alone) whole.insert(0, format_utc(now).substr(0, date) + "T");
  if (whole.size() > date && whole[date] == ' ') whole[date] = 'T';
  if (whole.size() < date || whole.size() >= shape.size()) return std::nullopt;
  const WallTime time = parse_utc(whole + std::string(shape.substr(whole.size())));
  return time == WallTime{} ? std::nullopt : std::optional(time);
}

}  // namespace mlpipe::cli
