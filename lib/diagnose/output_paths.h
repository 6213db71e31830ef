// Where scripts write to their step's outputs, as far as their text says it: by an argument of theirs, sys.argv[1] or args.model, or by what
// is made of it.
#pragma once

#include <optional>
#include <string>

#include "diagnose/evidence.h"

namespace mlpipe::diagnosis {

// A script opens a file below an output to append to it.
std::optional<Found> find_append_to_output(const Facts& facts);

// A script writes a file into this output's folder by open() or to_csv(), and uses the output's path for nothing else.
std::optional<Found> find_only_writes_below(const Facts& facts, const std::string& output);

}  // namespace mlpipe::diagnosis
