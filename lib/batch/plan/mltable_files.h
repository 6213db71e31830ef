// The files that an MLTable names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/mltable.h"
#include "reuse/tree.h"
#include "system/files.h"

namespace mlpipe {

// What one of its `paths` names outside of its own folder.
struct DataBeyond {
  std::string written;
  Path path;
  std::string pattern;  // as in MLTable::Place
  std::shared_ptr<const Tree> tree;
};

// Whether the table's folder holds it.
bool lies_within(const MLTable& table, const MLTable::Place& place);

// In the order in which they are read: place after place, those of a folder by name, but for files called MLTable. Paths are below the table's folder, or
// absolute. `within`: the tree of that folder; `beyond`: one entry for each place that lies elsewhere, in their order. The table
// of files keeps of them what `skip` and `take` leave. Error (kind step_failed): a place names nothing.
Result<std::vector<std::string>> mltable_files(const MLTable& table, const Tree& within, const std::vector<DataBeyond>& beyond);

}  // namespace mlpipe
