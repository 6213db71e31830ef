// job_progress_overview.<timestamp>.txt: how far the job is, a UTC time and a sentence a line, a new file each day.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "system/clock.h"
#include "system/log_file.h"

namespace mlpipe {

std::string format_hours(Seconds time);  // 0:01:03, 125:00:00

class ProgressOverview {
 public:
  // `logs`: the step's folder of logs. Time counts from here.
  ProgressOverview(Path logs, const Clock& clock);

  void say(std::string_view sentence);
  // "processed 4 of 20 mini-batches in 0:00:12; estimated remaining time 0:00:48", but nothing within 5 seconds after the last
  // such line, unless it is the `last`.
  void processed(std::uint64_t done, std::uint64_t total, std::optional<Seconds> remaining, SteadyTime now, bool last = false);

 private:
  Path logs_;
  const Clock& clock_;
  SteadyTime begun_, told_;
  LogFile file_;
  std::string day_;  // of the file
};

}  // namespace mlpipe
