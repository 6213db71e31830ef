// `settings` of a pipeline job.
#pragma once

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// Of the whole pipeline: datastore, compute, what follows from a failure. Before the nodes are read.
void read_settings(Reading& reading, const Job& whole);
// on_init and on_finalize, as edges of the steps that are there by now. Those of pipelines within are refused.
void apply_order(Reading& reading, const Job& whole);

}  // namespace mlpipe::spec::v2
