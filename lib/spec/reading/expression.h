// ${{ ... }} in a text -> Template, with every name looked up as far as it can be where it stands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.h"
#include "spec/reading/context.h"
#include "spec/yaml/scalar.h"

namespace mlpipe::spec {

// Which expressions a text may hold.
struct Scope {
  enum class Kind {
    data,        // inputs and side inputs of a step: where data comes from
    step,        // what a step runs: its inputs and outputs
    parameters,  // values that are settled when the file is read
  };
  Kind kind = Kind::parameters;
  const Step* step = nullptr;  // of Kind::step: inputs and outputs are read already
};

// A text cut at its expressions.
struct Piece {
  bool is_expression = false;
  std::string text;  // of an expression what stands between ${{ and }}, without blanks around it
  Place where;       // of an expression, as a whole
};
// Nothing: an expression is never closed, which is reported.
std::optional<std::vector<Piece>> split_expressions(Context& context, const Scalar& scalar);

// `key` names the text in messages. Nothing after a mistake, which is reported at its own column.
std::optional<Template> parse_template(Context& context, const Scalar& scalar, std::string_view key, const Scope& scope);

// The text with its parameters put in. A text that is one ${{parameters.P}} keeps the type of P.
std::optional<Scalar> resolve_parameters(Context& context, const Scalar& scalar, std::string_view key);

inline bool has_expression(std::string_view text) { return text.find("${{") != std::string_view::npos; }

}  // namespace mlpipe::spec
