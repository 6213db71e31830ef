// The MLTables that parallel steps split and that are there already: read as soon as the pipeline is, so that their mistakes are its.
#pragma once

#include <vector>

#include "spec/mltable/mltable.h"
#include "spec/reading/context.h"

namespace mlpipe::spec {

// Their mistakes, and partition keys that they cannot give, are reported to the context. What was read, for those who draw them.
std::vector<ReadMLTable> check_mltables(Context& context);

}  // namespace mlpipe::spec
