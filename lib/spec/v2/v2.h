// Azure ML's pipeline jobs (v2): a whole file, from its top keys down. Also pipeline components, and schedules, whose job runs.
#pragma once

#include "spec/reading/context.h"

namespace mlpipe::spec {

// `type: pipeline`, a schema of Azure's, or `jobs:`.
bool is_v2(const Node& root);
void read_v2(Context& context, const Value& root);

}  // namespace mlpipe::spec
