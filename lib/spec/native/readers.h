// The readers of a native pipeline file, called by native.cpp in this order: each takes one part of it.
#pragma once

#include "spec/reading/readers.h"

namespace mlpipe::spec {

// `parameters:` and -p.
void read_parameters(Context& context, const Value* map);
// `inputs:` and --input. Whether a path exists is checked by check_inputs_exist, once it is known who reads it.
void read_inputs(Context& context, const Value* map);
// One step; its data first, because its action refers to it.
void read_step(Context& context, const Entry& entry);
void read_step_data(MapReader& map, Step& step);  // inputs, side_inputs, outputs
void read_expect(const MapReader& map, Step& step);

}  // namespace mlpipe::spec
