#include "run/bindings.h"

#include <fmt/format.h>

#include <cassert>

#include "base/text.h"
#include "base/shell_place.h"

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

bool is_path(const Reference& reference, const Bindings& bindings) {
  const bool input = reference.kind == RefKind::input || reference.kind == RefKind::side_input;
  return reference.kind == RefKind::output || (input && !bindings.values.count(reference.name));
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

}  // namespace

std::string resolve(const Template& text, const Bindings& bindings, Quoting quoting) {
  ShellPlace place;
  std::string out;
  for (const auto& part : text.parts) {
    if (const auto* literal = std::get_if<std::string>(&part)) {
      place.pass(*literal);
      out += *literal;
      continue;
    }
    const Reference& reference = std::get<Reference>(part);
    const std::string& value = value_of(reference, bindings);
    const bool as_it_is = quoting == Quoting::none || (quoting == Quoting::azure && !is_path(reference, bindings));
    out += as_it_is ? value : quoting == Quoting::shell ? shell_quote(value) : place.quoted(value);
  }
  return out;
}

std::string symbolic(const Template& text) {
  std::string out;
  for (const auto& part : text.parts) {
    const auto* literal = std::get_if<std::string>(&part);
    out += literal ? *literal : spelling(std::get<Reference>(part));
  }
  return out;
}

}  // namespace mlpipe
