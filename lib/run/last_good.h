// The last good result of a step, whatever happened to it since.
#pragma once

#include <optional>
#include <string>

#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe {

// Of the newest run of this spec in which the step ran or was reused, and whose result the store still has.
// Those of `--sample` only when `samples` are wanted.
std::optional<StepResult> last_good_result(const Store& store, const Path& spec, const std::string& step, bool samples);

}  // namespace mlpipe
