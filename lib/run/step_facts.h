// Gathers for lib/diagnose what only the disk knows.
#pragma once

#include "diagnose/facts.h"
#include "system/files.h"

namespace mlpipe {

// Names of a source directory, and of its scripts those that the step begins with and what these import from there. Big ones are looked
// at in part: 5000 names, 100 scripts up to 256 KB. Of what its ignore file leaves out nothing is listed; below what is never code (.git,
// virtual environments, __pycache__) and below node_modules nothing is.
void read_source(Facts& facts, const Path& folder);

// What the files of its environment ask for; none that can be read: nothing is declared.
void read_declared_packages(Facts& facts);

}  // namespace mlpipe
