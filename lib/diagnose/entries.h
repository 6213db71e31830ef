// The table's parts, a subject each.
#pragma once

#include <vector>

#include "diagnose/diagnose.h"

namespace mlpipe::diagnosis {

using Entries = std::vector<DiagnosisEntry>;

Entries data_entries();
Entries command_entries();
Entries entry_script_entries();
Entries package_entries();
Entries resource_entries();
Entries cloud_entries();
Entries reuse_entries();
Entries speed_entries();

}  // namespace mlpipe::diagnosis
