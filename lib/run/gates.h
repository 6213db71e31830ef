// What a step made, held against its gates (pipeline/expectation.h): right after it was made, and each time it is about to be reused.
#pragma once

#include <optional>

#include "base/error.h"
#include "pipeline/pipeline.h"
#include "store/store.h"

namespace mlpipe {

// Names each gate that is missed, and by how much (kind step_failed); nothing: all are met. A sample is held against none: it is
// not the whole that they speak of.
std::optional<Error> missed_gates(const Step& step, const StepResult& result);

// A step of it has some.
bool has_gates(const Pipeline& pipeline);

}  // namespace mlpipe
