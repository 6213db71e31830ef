// `transformations` of an MLTable file.
#pragma once

#include "pipeline/mltable.h"
#include "spec/reading/context.h"

namespace mlpipe::spec {

// Checks them, and fills all of the table that they decide.
void read_transformations(Context& context, const Value& list, MLTable& table);

}  // namespace mlpipe::spec
