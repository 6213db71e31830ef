#include "run/recorded_plan.h"

#include <fmt/format.h>

#include "batch/plan/make_plan.h"
#include "run/parallel_job.h"
#include "run/rehearsal_parts.h"

namespace mlpipe {

std::optional<MiniBatchPlan> saved_plan(const Store& store, const Digest& fingerprint) {
  const auto text = read_file(store.partial_path(fingerprint) / "plan");
  if (!text) return std::nullopt;
  auto plan = MiniBatchPlan::parse(*text);
  return plan ? std::optional(plan.take()) : std::nullopt;
}

Result<MiniBatchPlan> plan_anew(const Pipeline& pipeline, const Store& store, RunRequest request, const Step& step,
                                const Digest& fingerprint, const Clock& clock) {
  request.step = step.name;
  std::vector<Notice> notices;
  MLPIPE_TRY(StepDescription description, describe_alone(pipeline, store, request, step, std::nullopt, clock, notices));
  if (description.fingerprint != fingerprint)
    return Error{ErrorKind::usage, fmt::format("{} or its data is no longer what that run scored", step.name), ""};
  for (const StepOutput& output : step.outputs) description.bindings.outputs[output.name] = "";
  MLPIPE_TRY(ParallelJob job, parallel_job(pipeline, step, description, {}, {}));
  job.sample = request.sample;
  return plan_of(job);
}

}  // namespace mlpipe
