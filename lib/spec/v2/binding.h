// What ${{parent...}} stands for where it is written: inputs of the pipeline that a node is in, inputs and outputs of nodes beside it.
// Through pipelines within pipelines, down to the step that makes the data or up to where it comes from.
#pragma once

#include <optional>
#include <string>

#include "spec/v2/tree.h"

namespace mlpipe::spec::v2 {

// An output of a step.
struct Source {
  std::string step, output;
};

// What a text in an input of `job` stands for: one expression (with a /path/below after it), or values with text around them.
Bound bind_text(Reading& reading, const Job& job, const Scalar& text, const std::string& what);
// Puts values in the place of ${{parent.inputs.X}} in what nodes of `scope` say; null: no expression may stand there.
MapReader::Resolver values_in(Reading& reading, Body* scope);
// The same for settings of a node whose inputs are read: its component may write ${{inputs.X}} there.
MapReader::Resolver values_of(Reading& reading, const Job& job);
// The step behind an output of a node. `where`: of who asks; nothing: there is none, which is reported.
std::optional<Source> source_of(Reading& reading, const Job& job, const std::string& output, const Place& where);
// Some node of the pipeline writes its output.
bool is_written(const Job& pipeline, const std::string& output);
// X when the value of an output is ${{parent.outputs.X}}, alone or as its path.
std::optional<std::string> parent_output_of(const Value& value);

}  // namespace mlpipe::spec::v2
