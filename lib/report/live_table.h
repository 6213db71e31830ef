// The steps that run now, redrawn at the bottom of a terminal. Pure: makes the rows, draws nothing.
#pragma once

#include <cstdint>
#include <map>
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
  void memory(const std::map<std::string, std::uint64_t>& bytes);  // of all that run
  void end(const std::string& step, bool failed);

  // Items a second since the first progress that we saw, so that resumed ones do not count. Nothing yet: unknown.
  std::optional<double> items_per_second(const std::string& step, SteadyTime now) const;
  // "runs     3.20 s  412 MB": of the active step, without its name.
  std::string state_of(const std::string& step, SteadyTime now) const;
  std::vector<std::string> active() const;

  // At most `height` rows of at most `width` columns; the last one sums the run up. Empty when nothing goes on. Where a row does not
  // fit, what matters least is left out.
  std::vector<std::string> rows(SteadyTime now, std::size_t width, std::size_t height) const;

 private:
  struct Row {
    std::string step, state;
    SteadyTime since;
    std::optional<ParallelProgress> progress;
    SteadyTime progress_since;
    std::uint64_t items_before = 0, memory = 0;  // bytes; 0: not known
  };
  // Something to be said of a step; the larger `rank`, the earlier it is left out.
  struct Part {
    int rank = 0;
    std::string text;
  };

  Row& row(const std::string& step, SteadyTime now);
  std::optional<double> rate(const Row& row, SteadyTime now) const;
  std::vector<Part> parts_of(const Row& row, SteadyTime now) const;
  std::string draw(const Row& row, SteadyTime now, std::size_t name_width, std::size_t width) const;
  std::string summary(SteadyTime now) const;

  std::vector<Row> active_;
  std::size_t steps_ = 0, ended_ = 0, failed_ = 0;
  SteadyTime begun_;
};

}  // namespace mlpipe
