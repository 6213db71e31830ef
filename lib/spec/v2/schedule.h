// Schedules: documents that are checked, and whose job is what runs, once.
#pragma once

#include <optional>

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

bool is_schedule(const Node& root);
// The pipeline job that the schedule makes, with what the schedule changes in it; nothing after a mistake, which is reported.
std::optional<Value> job_of_schedule(Reading& reading, const Value& root);

}  // namespace mlpipe::spec::v2
