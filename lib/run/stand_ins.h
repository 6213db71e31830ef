// Which of our stand-ins for packages of Python a step gets: those that its Python lacks and its code names.
#pragma once

#include <vector>

#include "run/description.h"

namespace mlpipe {

// The folders that PYTHONPATH has to end with; empty: none is wanted, or mlpipe is not installed whole. Code that is not known (a step without
// a source directory, or with hash paths) may name any. A package that only Python could find gets its stand-in as well, which gives way to it.
std::vector<Path> stand_in_folders(const Step& step, const StepDescription& description);

}  // namespace mlpipe
