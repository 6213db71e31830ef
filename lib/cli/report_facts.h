// Gathers what `mlpipe report` shows of a recorded run, from the store.
#pragma once

#include "report/html/run_report.h"
#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe::cli {

// What is no longer in the store, or cannot be read, is left out.
html::RunReport report_facts(const Store& store, const RunInfo& run);

}  // namespace mlpipe::cli
