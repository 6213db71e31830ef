// What `mlpipe diagnose` knows of each step, beside what its run has recorded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/why_facts.h"
#include "pipeline/pipeline.h"
#include "report/json.h"
#include "store/store.h"

namespace mlpipe::cli {

struct DiagnosisRequest {
  std::optional<std::string> step;  // else all
  bool ask_the_web = false;         // whether data behind addresses has changed
};

// `pipeline`: as it is now; nothing: only what was recorded counts. In the pipeline's order, then those that only the run had.
std::vector<StepDiagnosis> diagnose_steps(const Store& store, RecordedRuns& recorded, const Pipeline* pipeline, const DiagnosisRequest& request);

}  // namespace mlpipe::cli
