// `outputs:` of nodes, and of the pipeline as a whole.
#pragma once

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// The outputs of the step that a node is: those of its component and those that it names, with what outputs of the pipelines around it say.
void read_outputs(Reading& reading, const Job& job, Step& step);
// pipeline.outputs: what of the whole pipeline each one is.
void read_pipeline_outputs(Reading& reading, const Job& whole);
// Outputs of nodes whose component is not known: those that others read.
void add_open_outputs(Reading& reading, const Body& body);

}  // namespace mlpipe::spec::v2
