// A recorded run as the page of `mlpipe report` shows it, as data. cli/report_facts gathers it, report_page renders it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/failed_item.h"
#include "report/html/mini_batch_facts.h"
#include "report/run_diff.h"
#include "run/tracking.h"
#include "store/run_record.h"

namespace mlpipe::html {

// A log file, or the end of a large one.
struct LogTail {
  std::string file;          // below the step's logs
  std::string text;          // whole lines, where it was cut
  std::uint64_t bytes = 0;   // of the whole file
};

struct ReportedStep {
  std::string name;
  std::string state;               // of its record; else "running", "waiting", "not run"
  std::string outcome;             // one line: report/wording.h
  std::optional<StepRecord> record;
  std::vector<std::size_t> needs;  // numbers of other steps
  std::string logs_run;            // run whose logs these are: of a reused step the one that made its result
  std::string logs_folder;
  std::vector<LogTail> logs;
  std::size_t more_logs = 0;       // files that are not among them
  std::map<std::string, std::vector<MetricPoint>> series;  // of metrics, by name
  std::optional<MiniBatchFacts> mini_batches;
  std::vector<FailedItemFacts> failed_items;
  std::uint64_t more_failed_items = 0;
};

struct RunReport {
  RunInfo run;
  std::string summary;             // one line: report/wording.h
  std::vector<ReportedStep> steps;
  std::optional<RunDiff> changes;  // since the run of this spec before it; nothing: there is none
};

}  // namespace mlpipe::html
