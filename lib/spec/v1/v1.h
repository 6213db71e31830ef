// Pipelines of Azure ML's SDK v1 (`pipeline:`), read as its own loader reads them: order comes from data alone, a step's input names the
// `destination` of another step's output. Where that loader makes a new intermediate of a misspelt name, this one tells of it.
#pragma once

#include "spec/reading/context.h"

namespace mlpipe::spec {

bool is_v1(const Node& root);
void read_v1(Context& context, const Value& root);

}  // namespace mlpipe::spec
