// What this machine offers to pipelines; looks, changes nothing.
#pragma once

#include <vector>

#include "report/json.h"
#include "system/files.h"

namespace mlpipe::cli {

Fact look_at_mlpipe();
Fact look_at_cores();
Fact look_at_memory();
// The interpreter that steps get by default, and the packages that pipelines commonly want.
std::vector<Fact> look_at_python();
// Opened in a process of its own: LibTorch never comes into this one.
Fact look_at_scoring_module();
// Whether it is there: what is loaded is known when it is used.
Fact look_at_parquet_module();
Fact look_at_store(const Path& root);
// Of the working directory, where most projects have their data.
Fact look_at_file_system();

}  // namespace mlpipe::cli
