// Nodes that run something, as steps.
#pragma once

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// All steps of a pipeline and of those in it, in file order.
void read_steps(Reading& reading, Body& body);

// The keys of a node and of its component; unknown ones are warned about.
MapReader node_reader(Reading& reading, const Job& job);

// What the node runs; the step has its inputs and outputs.
void read_command(Reading& reading, const Job& job, Step& step);
void read_parallel_node(Reading& reading, const Job& job, Step& step);

// `code`, below a key that names it in messages: a folder, or a file in one.
void read_code(Reading& reading, const MapReader& map, Step& step);
// `environment`: a name of Azure's, the path of a file, or a map.
void read_environment_of(Reading& reading, const MapReader& map, Step& step);
// resources.instance_count; nothing: it is not said.
std::optional<int> read_instance_count(Reading& reading, const MapReader& map, const Job& job);

}  // namespace mlpipe::spec::v2
