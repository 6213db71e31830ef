// Where the model of a step is loaded from.
#pragma once

#include <string>

#include "base/result.h"
#include "system/files.h"

namespace mlpipe {

// A package of AOTInductor (.pt2) as a folder: unpacked once, to <models>/<digest of the file>, for all workers and all runs; `models`
// is the store's, or a temporary folder. Any other file, and a folder that somebody has unpacked, as it is. Error: it cannot be
// unpacked, or was made for another device (as in scoring.device) or processor.
Result<Path> place_of_model(const Path& models, const Path& model, const std::string& device);

}  // namespace mlpipe
