// The metrics of a step, in the files of its experiment (run/tracking.h). Those of mlflow's file store, and ours beside them, which it passes over:
//
//   RUN/metrics/NAME              lines "TIME VALUE STEP": milliseconds since 1970, Python's text of a float
//   models/MODEL/metrics/NAME     lines "TIME VALUE STEP RUN": mlflow 3 repeats each in the run's own file when it logs a model
//   RUN/unplaced/metrics/DIGEST   a metric whose name is no path, or one that another name's file lies on: its name, then such lines.
//                                 So are params and tags: the name, then the value. Names: \ is \\, a line's end \n
//   tries                         lines "SESSION MINI-BATCH TRY RUN TIME VALUE STEP NAME" of what workers tracked inside of run(), besides; "-": the
//                                 step's own run. SESSION MINI-BATCH TRY "failed": that try did. A session is a run of ours that went on with the step
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "system/clock.h"
#include "system/files.h"

namespace mlpipe {

// A value that was tracked, at a step of the script's own counting (0: it does not count). It may be infinite, or no number.
struct MetricPoint {
  long long step = 0;
  WallTime time;
  double value = 0;
};

using MetricSeries = std::map<std::string, std::vector<MetricPoint>>;

inline constexpr std::string_view tries_file = "tries", unplaced_folder = "unplaced";

// Every value of every metric, in the order of their steps, then times. The runs of the experiment whose names end with `own` come first:
// of a metric that several tracked, theirs are told. Left out is what mlflow repeated, and what a try of a mini-batch tracked that another one took
// the place of: a later session's of any earlier one, a good try's of a failed one, the last one's where all failed.
MetricSeries read_metrics(const Path& experiment, std::string_view own);

// A line of `tries`.
std::string failed_try_line(std::string_view session, std::uint64_t mini_batch, std::uint32_t attempt);

// Names, as the files of `unplaced` and `tries` have them.
std::string on_one_line(std::string_view name);
std::string from_one_line(std::string_view text);

}  // namespace mlpipe
