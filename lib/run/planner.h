// What a run would do with each step, and why, without running anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "pipeline/pipeline.h"
#include "reuse/why.h"
#include "run/request.h"
#include "store/store.h"
#include "system/clock.h"

namespace mlpipe {

struct StepPlan {
  enum class Verdict { reuse, run, depends, use, not_selected, fail, skip };  // fail: its result does not pass its gates; skip: because of such a one
  std::string step;
  Verdict verdict = Verdict::run;
  std::string reason;                 // one line: "code file train.py changed", "depends on train's output"
  std::optional<Digest> fingerprint;  // known unless it depends
  std::string reused_from;            // run id, of a reuse
  std::string waits_for;              // the step whose output it depends on, of a Verdict::depends
  std::vector<Change> changes;        // against its latest recorded decision; empty when there is none
  std::vector<std::string> warnings;  // settings or packages that differ without a rerun
};
std::string_view name_of(StepPlan::Verdict verdict);

// In an order that respects the steps' needs. Kind usage: the request does not fit the pipeline.
Result<std::vector<StepPlan>> plan_pipeline(const Pipeline& pipeline, const Store& store, const RunRequest& request,
                                            const Clock& clock = Clock::real());

}  // namespace mlpipe
