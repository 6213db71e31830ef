// Text with ${{ }} references, parsed but not resolved: what they stand for is known only when a step is about to run.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/diagnostic.h"

namespace mlpipe {

enum class RefKind {
  pipeline_input,  // ${{pipeline.inputs.X}}    a path
  step_output,     // ${{steps.T.outputs.X}}    a path, and an edge of the graph
  parameter,       // ${{parameters.X}}         a value
  input,           // ${{inputs.X}}             a path or value of this step
  side_input,      // ${{side_inputs.X}}
  output,          // ${{outputs.X}}            a path to write to
  run_id,          // ${{run.id}}
};

struct Reference {
  RefKind kind = RefKind::parameter;
  std::string name;   // X
  std::string step;   // T, for step_output
  Location where;     // of the "${{"
};

// "--data ${{inputs.x}}" is {"--data ", Reference}. A template without references has at most one part.
struct Template {
  std::vector<std::variant<std::string, Reference>> parts;
  std::string written;  // as it stands in the file
  Location where;

  bool is_literal() const;
  std::vector<const Reference*> references() const;
};

}  // namespace mlpipe
