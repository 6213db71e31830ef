// A parallel step with its data at hand, as the job that lib/batch works on.
#pragma once

#include <string>
#include <vector>

#include "batch/parallel_step.h"
#include "pipeline/pipeline.h"
#include "run/description.h"

namespace mlpipe {

struct JobPlaces {
  Path code;            // what workers import from: the private copy, or the source itself
  Path scratch, state, logs;
};

// Everything but what belongs to a run (replacements, workers, sample). Outputs are where `description.bindings` says.
// `environment`: of the step's processes, whole. Error: there is no Python to run an entry script.
Result<ParallelJob> parallel_job(const Pipeline& pipeline, const Step& step, const StepDescription& description,
                                 const std::vector<std::string>& environment, JobPlaces places);

}  // namespace mlpipe
