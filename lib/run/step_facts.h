// Gathers for lib/diagnose what only the disk knows.
#pragma once

#include "diagnose/facts.h"
#include "system/files.h"

namespace mlpipe {

// Scripts, names and ignore rules of a source directory. Big ones are looked at in part: 5000 names, scripts up to 256 KB, the first
// 200 of them; below folders that hold no code of the step's (.git, virtual environments, node_modules) nothing is.
void read_source(Facts& facts, const Path& folder);

// What the files of its environment ask for; none that can be read: nothing is declared.
void read_declared_packages(Facts& facts);

}  // namespace mlpipe
