// The command line that runs one step again, as a person would type it here.
#pragma once

#include <string>

#include "pipeline/pipeline.h"
#include "run/request.h"
#include "store/store.h"

namespace mlpipe {

std::string again_command(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Step& step);

}  // namespace mlpipe
