// The components that nodes refer to: a map in the node, a file (relative to the file that names it), a name that a mapping file knows.
#pragma once

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// Sets job.component, or job.refusal, or reports what is wrong. `chain`: files of the components that the node is inside of.
// Returns the file, empty when it is none.
Path read_component(Reading& reading, Job& job, const std::vector<Path>& chain);

}  // namespace mlpipe::spec::v2
