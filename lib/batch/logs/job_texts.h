// The texts at the top of a job's logs: where is what, how it ended, and why it failed.
#pragma once

#include <string>

#include "batch/logs/failure_groups.h"
#include "batch/plan/job.h"
#include "batch/record/outcome.h"

namespace mlpipe {

std::string readme_text();

// job_result.txt: verdict, counts, thresholds, and in short why it failed. `outcome` as people may see it.
// `as_azure`: what Tally says of that.
std::string result_text(const ParallelOutcome& outcome, const ParallelRunConfig& config, const std::string& as_azure);

// job_error.txt, of a job that failed: the root cause with all that is known of it, then every kind of failure that there was.
std::string error_text(const ParallelOutcome& outcome, const FailureGroups& groups);

}  // namespace mlpipe
