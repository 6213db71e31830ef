// What Azure's service alone can do: which nodes it is, in words for people.
#pragma once

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// Sets job.refusal and job.remedy when the node cannot run here: for its type, or for the YAML of Azure's preview.
void refuse_by_type(Job& job, const std::string& type);
// For what its component is, once that is read.
void refuse_by_component(Job& job);
// Reports all refusals; such nodes, and those that --use stands in for, are stand-ins from here on. Lays --set over the others.
void settle_nodes(Reading& reading, Body& body);

}  // namespace mlpipe::spec::v2
