#include "base/units.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {

std::optional<CountOrBytes> parse_count_or_bytes(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto value = parse_integer(digits);
  if (!value) return std::nullopt;
  const std::string unit = lower(text.substr(digits.size()));
  if (unit.empty()) return CountOrBytes{*value, true};
  const int shift = unit == "kb" ? 10 : unit == "mb" ? 20 : unit == "gb" ? 30 : 0;
  if (shift == 0 || *value > (std::int64_t{1} << (62 - shift))) return std::nullopt;
  return CountOrBytes{*value << shift, false};
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::string_view units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
  double value = bytes / 1024.0;
  std::size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < std::size(units); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string format_seconds(Seconds time) {
  const double s = time.count();
  if (s < 0.9995) return fmt::format("{:.0f} ms", s * 1e3);
  if (s < 59.995) return fmt::format("{:.2f} s", s);
  const auto whole = static_cast<long long>(s + 0.5);
  if (whole < 3600) return fmt::format("{} m {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} m", whole / 3600, whole / 60 % 60);
}

}  // namespace mlpipe
