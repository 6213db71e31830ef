// program_arguments of a parallel node: one text, cut into words as a shell would cut it.
#pragma once

#include <optional>
#include <vector>

#include "pipeline/expression.h"

namespace mlpipe::spec::v2 {

// An expression is never cut, whatever its value will be. Nothing: a quote is never closed.
std::optional<std::vector<Template>> split_words(const Template& text);

}  // namespace mlpipe::spec::v2
