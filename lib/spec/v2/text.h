// Texts that a node runs: expressions, and $[[ ]] around what an optional input may leave out.
#pragma once

#include <optional>
#include <string>

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// ${{inputs.X}} and ${{outputs.X}} of the node; `step` has its inputs and outputs. Nothing after a mistake, which is reported.
std::optional<Template> read_text(Reading& reading, const Job& job, const Step& step, const Scalar& text, const std::string& what);

// The name of the input, or output, that a text stands for as a whole: ${{inputs.X}}. Nothing: it is another text, which is reported.
std::optional<std::string> single_name(Reading& reading, const Step& step, const Scalar& text, const std::string& what, bool is_output);

}  // namespace mlpipe::spec::v2
