// Data from outside the pipeline: a path beside the file that names it, a name of Azure's that a mapping file knows, or the web.
#pragma once

#include "spec/v2/tree.h"
#include "spec/v2/types.h"

namespace mlpipe::spec::v2 {

// Adds an input of the whole pipeline, and returns what it is bound to. `name`: of the node's input.
Bound add_data(Reading& reading, const Job& job, const std::string& name, const Scalar& path, const InputType& type);

}  // namespace mlpipe::spec::v2
