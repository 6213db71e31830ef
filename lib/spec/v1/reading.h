// What the readers of a v1 file share.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "spec/reading/context.h"
#include "spec/reading/map_reader.h"

namespace mlpipe::spec::v1 {

// One reading of one file.
struct Reading {
  Context& context;
  std::map<std::string, std::pair<std::string, std::string>> destinations{};  // of outputs: step and output
  std::vector<std::string> sources{};                                        // all that an input may name, for hints
  std::string default_compute{};                                             // of steps that name none
};

// As Azure's loader: unknown keys have no effect (here they are warned about), empty ones count as absent.
inline MapReader::Resolver as_written() {
  return [](const Scalar& scalar, std::string_view) { return std::optional(scalar); };
}

// `parameters:` with -p. Those that stand for a path in a datastore become inputs of the pipeline, as data references do.
void read_parameters(Reading& reading, const Value* map);
// `data_references:` with --input.
void read_data_references(Reading& reading, const Value* map);

// Notes what the steps write, before one of them is read.
void note_destinations(Reading& reading, const Value& steps);
void read_step(Reading& reading, const Entry& entry);

}  // namespace mlpipe::spec::v1
