// Where the model of a step is loaded from.
#pragma once

#include "base/result.h"
#include "store/store.h"

namespace mlpipe {

// A package of AOTInductor (.pt2) as a folder of the store, models/<digest of the file>: unpacked there once, for all workers and all
// runs. Any other file as it is. Error: it cannot be unpacked, or was made for another device or processor; `device` as in scoring.device.
Result<Path> place_of_model(const Store& store, const Path& model, const std::string& device);

}  // namespace mlpipe
