// Gathers for lib/diagnose what only the disk knows.
#pragma once

#include "base/finding.h"
#include "diagnose/facts.h"
#include "system/files.h"

namespace mlpipe {

// Names of a source directory, and of its scripts those that the step begins with and what these import from there. Big ones are looked
// at in part: 5000 names, 100 scripts up to 256 KB. Of what its ignore file leaves out nothing is listed; below what is never code (.git,
// virtual environments, __pycache__) and below node_modules nothing is.
void read_source(Facts& facts, const Path& folder);

// Whether nothing more can be written there: its disk. Folders that cannot be asked are left out.
void look_at_disks(Facts& facts, const std::vector<Path>& folders);

// What the exception that ended it did not find, and where the project has that. `code`: the step's working directory, a copy of its source.
void look_for_sought(Facts& facts, const Path& code);

// Of a step that could not be started: its error is all that is known.
std::vector<Finding> recognise_before_start(const Pipeline& pipeline, const Step& step, const Error& error);

// Python printed a traceback: worth reading its scripts for, even where the step ended well.
bool has_traceback(const Facts& facts);

// What the files of its environment ask for; none that can be read: nothing is declared.
void read_declared_packages(Facts& facts);

}  // namespace mlpipe
