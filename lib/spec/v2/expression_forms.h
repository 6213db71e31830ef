// Azure's expressions, ${{ ... }}: which there are, and which of them may stand where.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spec/reading/context.h"
#include "spec/reading/expression.h"

namespace mlpipe::spec::v2 {

struct Expression {
  enum class Kind {
    input,              // ${{inputs.X}}                 of the node itself
    output,             // ${{outputs.X}}
    parent_input,       // ${{parent.inputs.X}}          of the pipeline that the node is in
    parent_output,      // ${{parent.outputs.X}}
    job_output,         // ${{parent.jobs.N.outputs.X}}  of a node beside it
    job_input,          // ${{parent.jobs.N.inputs.X}}
    name,               // ${{name}}                     of the step and its run
    output_name,        // ${{output_name}}
    default_datastore,  // ${{default_datastore}}
  };
  Kind kind = Kind::input;
  std::string job;   // N
  std::string name;  // X; a member of a group has a dot in its name
  Place where;
};

// Nothing: it is none of those `allowed`, which is reported. `what` names the text that it stands in: "`command` of node `train`".
std::optional<Expression> parse_expression(Context& context, const Piece& piece, const std::vector<Expression::Kind>& allowed,
                                           std::string_view what);

}  // namespace mlpipe::spec::v2
