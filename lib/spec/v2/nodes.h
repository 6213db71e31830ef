// The nodes of a pipeline, as a tree: what each is, and what it is called in the flat pipeline.
#pragma once

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// Reads `jobs` of the pipeline `owner` (of its component, when it has one), and of those in it. `chain`: as in read_component.
void plant(Reading& reading, Job& owner, const std::vector<Path>& chain);

}  // namespace mlpipe::spec::v2
