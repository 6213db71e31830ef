// ${{name}} in the place of an output: a name of the step, in one run or in all of them.
#pragma once

#include <string>
#include <string_view>

namespace mlpipe {

// `place` with `name` for every ${{name}} in it.
std::string with_job_name(std::string place, std::string_view name);

}  // namespace mlpipe
