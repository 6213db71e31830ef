// The command lines that run one step again, or one mini-batch of it, as a person would type them here.
#pragma once

#include <cstdint>

#include <string>

#include "pipeline/pipeline.h"
#include "run/request.h"
#include "store/store.h"

namespace mlpipe {

std::string again_command(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Step& step);
std::string replay_command(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Step& step, std::uint64_t mini_batch);

}  // namespace mlpipe
