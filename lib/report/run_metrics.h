// What the steps of some runs have tracked: steps x metrics x runs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "run/tracking.h"
#include "store/run_record.h"

namespace mlpipe {

struct StepMetrics {
  std::string step;
  StepState state = StepState::ran;
  std::map<std::string, double> last;                       // as the record says
  std::map<std::string, std::vector<MetricPoint>> series;   // what is left of them in the run that tracked them
};

struct RunMetrics {
  RunHeader header;
  RunState state = RunState::running;
  std::vector<StepMetrics> steps;  // that have tracked something
};

// A row for each metric of each step, a column for each run; the first row says what is what.
std::vector<std::vector<std::string>> metric_rows(const std::vector<RunMetrics>& runs);
// run,step,metric,value; with `series` every point: run,step,metric,at,time,value.
std::string metric_csv(const std::vector<RunMetrics>& runs, bool series);
std::string to_json(const std::vector<RunMetrics>& runs);

}  // namespace mlpipe
