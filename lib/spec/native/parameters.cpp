// `parameters:` of a pipeline, and -p NAME=VALUE.
#include <fmt/format.h>

#include "base/text.h"
#include "spec/native/readers.h"

namespace mlpipe::spec {
namespace {

const std::vector<std::pair<std::string, ParameterType>> types = {{"string", ParameterType::string},
                                                                  {"integer", ParameterType::integer},
                                                                  {"number", ParameterType::number},
                                                                  {"boolean", ParameterType::boolean}};

// A parameter and what holds for any value of it.
struct Declaration {
  Parameter parameter;
  Place where;
  std::optional<double> least, most;
  bool settled = false;  // it has a value, or it was said that it cannot have one
};

// The text that a value of this type is kept as; nothing: it is of another type.
std::optional<std::string> of_type(const Scalar& scalar, ParameterType type) {
  if (type == ParameterType::string) return scalar.text;
  if (scalar.is_text) return std::nullopt;
  if (type == ParameterType::integer) {
    const auto value = as_integer(scalar.text);
    return value ? std::optional(fmt::format("{}", *value)) : std::nullopt;
  }
  if (type == ParameterType::boolean) {
    const auto value = as_boolean(scalar.text);
    return value ? std::optional<std::string>(*value ? "true" : "false") : std::nullopt;
  }
  return as_number(scalar.text) ? std::optional(scalar.text) : std::nullopt;
}

void set_value(Context& context, Declaration& declaration, const Scalar& scalar) {
  Parameter& parameter = declaration.parameter;
  declaration.settled = true;
  const auto value = of_type(scalar, parameter.type);
  if (!value) {
    const bool only_quotes = scalar.is_text && of_type({scalar.text, false, scalar.where}, parameter.type);
    return context.error(scalar.where, fmt::format("parameter `{}` must be {}, got {}", parameter.name, describe(parameter.type),
                                                   describe(scalar)),
                         only_quotes ? fmt::format("write {} without quotes", scalar.text) : "");
  }
  parameter.value = *value;
  const auto number = parse_number(*value);
  const bool outside = number && ((declaration.least && *number < *declaration.least) || (declaration.most && *number > *declaration.most));
  if (outside)
    context.error(scalar.where, fmt::format("parameter `{}` must be {}, got {}", parameter.name, describe_limits(declaration.least, declaration.most),
                                            scalar.text));
}

void read_limits(const MapReader& map, Declaration& declaration) {
  const bool numeric = declaration.parameter.type == ParameterType::integer || declaration.parameter.type == ParameterType::number;
  for (const std::string key : {"min", "max"}) {
    const Entry* entry = map.given(key);
    if (!entry) continue;
    if (!numeric) {
      map.context().error(entry->key_where, fmt::format("{} has no meaning: the parameter is no number", map.named(key)),
                          "remove it, or write `type: number`");
      continue;
    }
    (key == "min" ? declaration.least : declaration.most) = map.number(key, {-1e308, 1e308});
  }
  if (declaration.least && declaration.most && *declaration.least > *declaration.most)
    map.context().error(map.given("min")->value.where, fmt::format("`min` of {} is greater than its `max`", map.owner()), "swap them");
}

void read_long_form(Context& context, const Value& value, Declaration& declaration) {
  const MapReader map(context, value, fmt::format("parameter `{}`", declaration.parameter.name),
                      {"type", "default", "min", "max", "description"});
  const auto given_default = map.has("default") ? map.scalar("default") : std::nullopt;
  const auto type = map.choice<ParameterType>("type", types);
  if (type) declaration.parameter.type = *type;
  else if (given_default) declaration.parameter.type = type_of(*given_default);
  else if (!map.has("type") && !map.has("default"))
    context.error(declaration.where, fmt::format("{} has neither a type nor a default", map.owner()),
                  "write `default: VALUE`, or `type: string` and give it with -p");
  read_limits(map, declaration);
  map.text("description");
  if (given_default) set_value(context, declaration, *given_default);
  else declaration.settled = map.has("default") || !map.has("type");
}

Declaration read_declaration(Context& context, const Entry& entry) {
  Declaration declaration{{entry.key}, entry.key_where, {}, {}};
  declaration.parameter.where = location(entry.key_where);
  check_name(context, entry.key_where, entry.key, "a parameter");
  const Value& value = entry.value;
  if (value.node->kind == Node::Kind::map) {
    read_long_form(context, value, declaration);
  } else if (value.node->kind == Node::Kind::sequence) {
    declaration.settled = true;
    context.error(value.where, fmt::format("parameter `{}` must be one value, got a list", entry.key), "write `default: VALUE`");
  } else if (value.node->kind == Node::Kind::scalar) {
    const Scalar scalar{value.node->text, value.node->is_text, value.where};
    declaration.parameter.type = type_of(scalar);
    set_value(context, declaration, scalar);
  }
  return declaration;
}

// -p epochs=30
void override_value(Context& context, const std::string& written, std::vector<Declaration>& declarations) {
  const auto given = read_given_by_name(context, "-p", written);
  if (!given) return;
  const auto number = context.parameters.find(given->name);
  if (number == context.parameters.end())
    return context.error(given->value.where, fmt::format("the pipeline has no parameter `{}`", given->name), context.hint(given->name, context.parameter_names));
  Declaration& declaration = declarations[number->second];
  declaration.parameter.overridden = true;
  set_value(context, declaration, given->value);
}

}  // namespace

void read_parameters(Context& context, const Value* value) {
  std::vector<Declaration> declarations;
  if (value && value->node->kind != Node::Kind::map)
    context.error(value->where, fmt::format("`parameters` must be a map, got {}", describe(*value)),
                  "write `name: default` lines below it");
  else if (value)
    for (const Entry& entry : value->node->entries) {
      context.parameters.emplace(entry.key, declarations.size());
      context.parameter_names.push_back(entry.key);
      declarations.push_back(read_declaration(context, entry));
    }
  for (const std::string& written : context.overrides.parameters) override_value(context, written, declarations);
  for (Declaration& declaration : declarations) {
    const std::string& name = declaration.parameter.name;
    if (!declaration.settled)
      context.error(declaration.where, fmt::format("parameter `{}` has no value", name),
                    fmt::format("give it a default, or run with -p {}=VALUE", name));
    context.pipeline.parameters.push_back(std::move(declaration.parameter));
  }
}

}  // namespace mlpipe::spec
