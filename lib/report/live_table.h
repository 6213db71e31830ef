// The steps that run now, redrawn at the bottom of a terminal. Pure: makes the rows, draws nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/events.h"
#include "system/clock.h"

namespace mlpipe {

class LiveTable {
 public:
  void begin(std::size_t steps, SteadyTime now);
  void wait(const std::string& step, SteadyTime now);
  void start(const std::string& step, SteadyTime now);
  void progress(const std::string& step, const ParallelProgress& progress, SteadyTime now);
  void end(const std::string& step);

  // Items a second since the first progress that we saw, so that resumed ones do not count. Nothing yet: unknown.
  std::optional<double> items_per_second(const std::string& step, SteadyTime now) const;

  // At most `height` rows of at most `width` columns; the last one sums the run up. Empty when nothing goes on.
  std::vector<std::string> rows(SteadyTime now, std::size_t width, std::size_t height) const;

 private:
  struct Row {
    std::string step, state;
    SteadyTime since;
    std::optional<ParallelProgress> progress;
    SteadyTime progress_since;
    std::uint64_t items_before = 0;
  };

  Row& row(const std::string& step, SteadyTime now);
  std::optional<double> rate(const Row& row, SteadyTime now) const;
  std::string draw(const Row& row, SteadyTime now, std::size_t name_width) const;
  std::string summary(SteadyTime now) const;

  std::vector<Row> active_;
  std::size_t steps_ = 0, ended_ = 0;
  SteadyTime begun_;
};

}  // namespace mlpipe
