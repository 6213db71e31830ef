#include "system/clock.h"

#include <ctime>

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

class RealClock : public Clock {
 public:
  WallTime wall() const override { return std::chrono::system_clock::now(); }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

struct Broken {
  std::tm calendar{};
  int millisecond = 0;
};

Broken broken_down(WallTime time) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(time);
  const std::time_t count = whole.time_since_epoch().count();
  Broken broken;
  ::gmtime_r(&count, &broken.calendar);
  broken.millisecond = static_cast<int>(floor<milliseconds>(time - whole).count());
  return broken;
}

std::string format_with(const char* pattern, WallTime time) {
  const Broken b = broken_down(time);
  return fmt::format(fmt::runtime(pattern), b.calendar.tm_year + 1900, b.calendar.tm_mon + 1, b.calendar.tm_mday,
                     b.calendar.tm_hour, b.calendar.tm_min, b.calendar.tm_sec, b.millisecond);
}

}  // namespace

const Clock& Clock::real() {
  static const RealClock clock;
  return clock;
}

std::string format_utc(WallTime time) { return format_with("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", time); }

std::string format_stamp(WallTime time) { return format_with("{:04}{:02}{:02}-{:02}{:02}{:02}-{:03}", time); }

WallTime parse_utc(const std::string& text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00.000Z";
  if (text.size() != shape.size()) return {};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return {};
  }
  const auto number = [&](std::size_t at, std::size_t count) { return static_cast<int>(*parse_integer(text.substr(at, count))); };
  std::tm calendar{};
  calendar.tm_year = number(0, 4) - 1900;
  calendar.tm_mon = number(5, 2) - 1;
  calendar.tm_mday = number(8, 2);
  calendar.tm_hour = number(11, 2);
  calendar.tm_min = number(14, 2);
  calendar.tm_sec = number(17, 2);
  const auto time = std::chrono::system_clock::from_time_t(::timegm(&calendar)) + std::chrono::milliseconds(number(20, 3));
  // timegm turns a 31st of June into the 1st of July.
  return format_utc(time) == text ? time : WallTime{};
}

}  // namespace mlpipe
