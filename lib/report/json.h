// Machine-readable forms: NDJSON events of a run, and JSON of records and plans. Every object has "schema": 1.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "run/events.h"
#include "run/planner.h"
#include "store/run_record.h"

namespace mlpipe {

// One JSON object a line on `fd` (1), an event each; written whole.
std::unique_ptr<EventSink> make_json_lines(int fd);

std::string to_json(const RunInfo& run);
std::string to_json(const std::vector<StepPlan>& plan);

}  // namespace mlpipe
