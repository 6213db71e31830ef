// Files that a killed process had written aside and never renamed: "<name>.tmp-<process mark>-<n>" (system/files.h, write_file).
#pragma once

#include "system/files.h"

namespace mlpipe {

// Removes those of a dead process from a store: where records, texts, indexes and plans are written, and from
// the folder of its run. Objects are not looked into: they are renamed into place whole.
void remove_leftovers(const Path& store_root, const Path& run_folder, const std::string& process_mark);

}  // namespace mlpipe
