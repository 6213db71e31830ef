// What other processes have to be asked for a diagnosis.
#pragma once

#include "diagnose/facts.h"
#include "system/files.h"

namespace mlpipe::cli {

// Facts::unnamed_imports, by worker/python/mlpipe_used_packages.py under the step's Python. Nothing is added when it cannot tell.
void ask_for_imports(Facts& facts, const Path& python, const Path& source);

// Facts::changed_downloads: the size and date that servers say now, against the fetched copy. Those that do not answer in 10 s, or say
// neither, have not changed.
void ask_for_changes(Facts& facts);

}  // namespace mlpipe::cli
