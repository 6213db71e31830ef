// Results that were made elsewhere, on their way into a store.
#pragma once

#include <vector>

#include "store/store.h"

namespace mlpipe {

// Whether the paths (as Slot::publish takes them) hold what the outputs of the result say. Every byte is read. Kind store: one does not.
Status check_incoming(const StepResult& result, const std::vector<Path>& built);

// Every output of the result stands in the store. What is in them is not looked at.
bool outputs_stand(const Store& store, const StepResult& result);

}  // namespace mlpipe
