#include "run/bindings.h"

#include <fmt/format.h>

#include <cassert>

#include "base/text.h"

namespace mlpipe {
namespace {

const std::string& bound(const std::map<std::string, std::string>& values, const std::string& name) {
  const auto found = values.find(name);
  assert(found != values.end());
  return found->second;
}

const std::string& value_of(const Reference& reference, const Bindings& bindings) {
  switch (reference.kind) {
    case RefKind::input: return bound(bindings.inputs, reference.name);
    case RefKind::side_input: return bound(bindings.side_inputs, reference.name);
    case RefKind::output: return bound(bindings.outputs, reference.name);
    case RefKind::parameter: return bound(bindings.parameters, reference.name);
    default: return bindings.run_id;
  }
}

std::string spelling(const Reference& reference) {
  switch (reference.kind) {
    case RefKind::input: return fmt::format("${{{{inputs.{}}}}}", reference.name);
    case RefKind::side_input: return fmt::format("${{{{side_inputs.{}}}}}", reference.name);
    case RefKind::output: return fmt::format("${{{{outputs.{}}}}}", reference.name);
    case RefKind::parameter: return fmt::format("${{{{parameters.{}}}}}", reference.name);
    default: return "${{run.id}}";
  }
}

template <class Replace>
std::string replaced(const Template& text, Replace replace) {
  std::string out;
  for (const auto& part : text.parts) {
    if (const auto* literal = std::get_if<std::string>(&part)) out += *literal;
    else out += replace(std::get<Reference>(part));
  }
  return out;
}

}  // namespace

std::string resolve(const Template& text, const Bindings& bindings, Quoting quoting) {
  return replaced(text, [&](const Reference& reference) {
    const std::string& value = value_of(reference, bindings);
    return quoting == Quoting::shell ? shell_quote(value) : value;
  });
}

std::string symbolic(const Template& text) { return replaced(text, spelling); }

}  // namespace mlpipe
