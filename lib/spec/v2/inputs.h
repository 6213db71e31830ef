// `inputs:` of a node or of the whole pipeline: what the component declares, what the node gives, what the command line says.
#pragma once

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// -p and --input, before anything else is read.
void read_given(Reading& reading);
// Fills job.inputs, once. `where`: of who asks.
void read_inputs_of(Reading& reading, Job& job, const Place& where);
// After all nodes: inputs of the whole pipeline that are used but that nobody gives, options that name nothing.
void check_given(Reading& reading);

}  // namespace mlpipe::spec::v2
