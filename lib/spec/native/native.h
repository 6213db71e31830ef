// The native dialect: a whole file, from its top keys down.
#pragma once

#include "spec/reading/context.h"

namespace mlpipe::spec {

void read_native(Context& context, const Value& root);

}  // namespace mlpipe::spec
