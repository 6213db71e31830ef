// Which lines of a log somebody wants to see.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/line_pattern.h"
#include "store/printed_index.h"
#include "system/clock.h"

namespace mlpipe {

struct LogFilter {
  bool stderr_only = false;
  std::optional<std::string> process;  // "process003", "rank 1"
  std::optional<std::uint64_t> mini_batch;
  std::optional<WallTime> since;
  std::optional<LinePattern> pattern;

  bool wants_all() const { return !stderr_only && !process && !mini_batch && !since && !pattern; }
};

// Takes a log piece by piece and gives the lines that are wanted; what a carriage return ends (a progress bar) is one, too. They are as
// old as the index says. Without one those that begin with a time of their own (as we write it, and logging, in UTC) are as old as they
// say, others as old as the line before them.
class LogLines {
 public:
  // `source`: what all of the log has in common, as far as the index does not say it. `windows`: when its process was busy with the
  // wanted mini-batch, for logs whose index does not say it.
  LogLines(LogFilter filter, PrintMark source, std::vector<std::pair<WallTime, WallTime>> windows = {});

  // What the index has gained; before the text that it is about.
  void add(const std::vector<PrintMark>& marks);
  std::string feed(std::string_view text);
  // The line that is not ended; with a line end.
  std::string flush();

 private:
  void pass_marks();
  bool wants_source() const;
  std::string take_line();

  LogFilter filter_;
  PrintMark now_;
  std::deque<PrintMark> ahead_;  // marks that are not reached
  std::vector<std::pair<WallTime, WallTime>> windows_;
  bool indexed_ = false;
  std::uint64_t offset_ = 0;
  std::string line_;
  WallTime line_time_{};  // of the line, or of the one before it
};

// The time that a line begins with, and what follows it.
struct OwnTime {
  WallTime time;
  std::string_view rest;
};
std::optional<OwnTime> own_time_of(std::string_view line);

}  // namespace mlpipe
