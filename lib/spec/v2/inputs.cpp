#include "spec/v2/inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/readers.h"
#include "spec/v2/binding.h"
#include "spec/v2/data.h"
#include "spec/v2/types.h"

namespace mlpipe::spec::v2 {
namespace {

const std::vector<std::string> declaration_keys = {"type", "optional", "default", "description", "enum", "min", "max", "mode", "path",
                                                   "value", "name", "version", "datastore", "tags", "properties", "is_control"};

constexpr int longest_chain = 500;  // of inputs that stand for inputs of other nodes

struct Given {
  std::string name;
  Place where;
  Value value;
};

bool is_group(const Value& value) {
  return value.node->kind == Node::Kind::map && !value.node->entries.empty() &&
         std::none_of(value.node->entries.begin(), value.node->entries.end(), [](const Entry& entry) {
           return std::find(declaration_keys.begin(), declaration_keys.end(), entry.key) != declaration_keys.end();
         });
}

// A group of inputs is a map in a map: `g: {x: 1}` is the input g.x.
void flatten(const Value& map, const std::string& prefix, std::vector<Given>& all) {
  for (const Entry& entry : map.node->entries) {
    if (is_group(entry.value)) flatten(entry.value, prefix + entry.key + ".", all);
    else all.push_back({prefix + entry.key, entry.key_where, entry.value});
  }
}

std::vector<Given> inputs_in(Reading& reading, const Value& map, const std::string& title) {
  std::vector<Given> all;
  const Entry* inputs = entry_of(map, "inputs");
  if (!inputs) return all;
  if (inputs->value.node->kind == Node::Kind::map) flatten(inputs->value, "", all);
  else
    reading.context.error(inputs->value.where, fmt::format("`inputs` of {} must be a map, got {}", title, describe(inputs->value)),
                          "write `NAME: VALUE` lines below it");
  return all;
}

// Declares an input rather than giving one: it has a type, but neither a path nor a value.
bool is_declaration(const Value& value) {
  return value.node->kind == Node::Kind::map && !value.node->find("path") && !value.node->find("value");
}

class Reader {
 public:
  Reader(Reading& reading, Job& job) : reading_(reading), context_(reading.context), job_(job) {}

  void read() {
    auto given = inputs_in(reading_, job_.own, job_.title());
    auto declared = job_.component ? declarations() : NamedDeclarations();
    if (!job_.scope && !job_.component) take_declarations(given, declared);
    for (const auto& [name, declaration] : declared) {
      const auto found = std::find_if(given.begin(), given.end(), [&, &wanted = name](const Given& g) { return g.name == wanted; });
      Bound bound = found == given.end() ? by_default(name, declaration) : of(*found, declaration);
      bound.optional = declaration.optional;
      job_.inputs.emplace_back(name, std::move(bound));
      if (found != given.end()) given.erase(found);
    }
    for (const Given& one : given) {
      if (job_.component) unknown(one, declared);
      else job_.inputs.emplace_back(one.name, of(one, {.where = one.where}));
    }
  }

 private:
  std::string named(const std::string& name) const { return fmt::format("input `{}` of {}", name, job_.title()); }

  MapReader reader(const Value& value, const std::string& name) {
    return {context_, value, named(name), declaration_keys, values_in(reading_, job_.scope)};
  }

  static InputType kind(const Declaration& declaration) { return {declaration.data, {}, declaration.model}; }

  Declaration declaration(const Given& given) {
    Declaration declaration{.where = given.where};
    if (given.value.node->kind == Node::Kind::scalar) {  // `x: 3` in a component is a default
      declaration.default_value = scalar_of(given.value);
      return declaration;
    }
    if (given.value.node->kind == Node::Kind::null) return declaration;
    const MapReader map = reader(given.value, given.name);
    if (!map.valid()) return declaration;
    const auto type = read_input_type(map);
    if (type) {
      declaration.literal = type->literal;
      declaration.model = type->model;
      declaration.data = type->literal ? std::nullopt : std::optional(type->data.value_or(DataType::folder));
    }
    declaration.optional = map.boolean("optional").value_or(false);
    read_input_mode(map, type);
    declaration.default_value = map.scalar("default");
    for (const Scalar& choice : map.texts("enum")) declaration.choices.push_back(choice.text);
    declaration.least = map.number("min", {-1e308, 1e308});
    declaration.most = map.number("max", {-1e308, 1e308});
    if (declaration.data && declaration.default_value && job_.component)
      context_.azure_warning(map.where_of("default"), fmt::format("Azure knows no default of data, here of {}", map.owner()), "give it where the component is used");
    return declaration;
  }

  NamedDeclarations declarations() {
    NamedDeclarations all;
    for (const Given& given : inputs_in(reading_, *job_.component, "the component")) all.emplace_back(given.name, declaration(given));
    return all;
  }

  // A pipeline component that is run by itself declares its inputs where a job gives them.
  void take_declarations(std::vector<Given>& given, NamedDeclarations& declared) {
    const auto first = std::stable_partition(given.begin(), given.end(), [](const Given& one) { return !is_declaration(one.value); });
    for (auto one = first; one != given.end(); ++one) declared.emplace_back(one->name, declaration(*one));
    given.erase(first, given.end());
  }

  // Azure ignores such an input, and so do samples of Microsoft's; the same for values that `enum` does not have.
  void unknown(const Given& given, const NamedDeclarations& declared) {
    std::vector<std::string> names;
    for (const auto& entry : declared) names.push_back(entry.first);
    context_.warning(given.where, fmt::format("the component of {} has no input `{}`: it has no effect", job_.title(), given.name),
                     names.empty() ? "it has no inputs" : context_.hint(given.name, names));
  }

  Bound by_default(const std::string& name, const Declaration& declaration) {
    if (!job_.scope && declaration.data && reading_.data.contains(name)) return add_data(reading_, job_, name, {}, kind(declaration));
    if (!job_.scope && !declaration.data && reading_.values.contains(name)) return literal(name, {}, declaration);
    const auto& value = declaration.default_value;
    if (value && !(declaration.optional && value->text.empty()))
      return declaration.data ? add_data(reading_, job_, name, *value, kind(declaration)) : literal(name, *value, declaration);
    if (declaration.optional) return {};
    if (!job_.scope) reading_.missing.push_back({name, declaration.data.has_value(), location(declaration.where)});
    else
      context_.error(job_.where, fmt::format("{} gives no value to {}input `{}`", job_.title(), job_.component ? "its component's " : "its ", name),
                     fmt::format("write `{}: ...` below its `inputs`", name));
    return {.broken = true};
  }

  Bound of(const Given& given, const Declaration& declaration) {
    switch (given.value.node->kind) {
      case Node::Kind::scalar: return of_scalar(given, declaration);
      case Node::Kind::map: return of_map(given, declaration);
      case Node::Kind::null: return by_default(given.name, declaration);
      case Node::Kind::sequence: break;
    }
    context_.error(given.value.where, fmt::format("{} must be a value, an expression or data, got a list", named(given.name)));
    return {.broken = true};
  }

  Bound of_scalar(const Given& given, const Declaration& declaration) {
    const Scalar scalar = scalar_of(given.value);
    if (has_expression(scalar.text)) return bound_to(given, scalar, declaration);
    if (declaration.data) return add_data(reading_, job_, given.name, scalar, kind(declaration));
    return literal(given.name, scalar, declaration);
  }

  Bound of_map(const Given& given, const Declaration& declaration) {
    const MapReader map = reader(given.value, given.name);
    const auto type = map.valid() ? read_input_type(map) : std::nullopt;
    read_input_mode(map, type);
    const Entry* path = entry_of(given.value, "path");
    const Entry* value = path ? path : entry_of(given.value, "value") ? entry_of(given.value, "value") : entry_of(given.value, "default");
    if (!value || value->value.node->kind != Node::Kind::scalar) {
      context_.error(value ? value->value.where : given.value.where, fmt::format("{} has no path", named(given.name)), "write `path: FOLDER_OR_FILE`");
      return {.broken = true};
    }
    const Scalar scalar = scalar_of(value->value);
    if (has_expression(scalar.text)) {
      Bound bound = bound_to(given, scalar, declaration);
      if (type && type->data) bound.type = type->data;
      return bound;
    }
    if (path) return add_data(reading_, job_, given.name, scalar, type.value_or(kind(declaration)));
    Declaration typed = declaration;
    if (type && type->literal && !typed.literal) typed.literal = type->literal;
    return literal(given.name, scalar, typed);
  }

  Bound bound_to(const Given& given, const Scalar& scalar, const Declaration& declaration) {
    Bound bound = bind_text(reading_, job_, scalar, named(given.name));
    if (bound.broken) return bound;
    if (bound.kind == Bound::Kind::unset && (declaration.default_value || !declaration.optional) && job_.component) return by_default(given.name, declaration);
    const bool text = declaration.literal.value_or(ParameterType::string) == ParameterType::string;  // "true" is settled: it does not become True
    if (bound.kind == Bound::Kind::literal && !declaration.data) set_value(bound, given.name, {bound.value, text, scalar.where}, declaration);
    if (bound.kind == Bound::Kind::output && declaration.data && !bound.type) bound.type = declaration.data;
    return bound;
  }

  // A value of the whole pipeline is a parameter, so that -p can change it.
  Bound literal(const std::string& name, Scalar scalar, const Declaration& declaration) {
    const auto option = job_.scope ? reading_.values.end() : reading_.values.find(name);
    const bool overridden = option != reading_.values.end();
    if (overridden) option->second.used = true;
    if (overridden) scalar = option->second.value;
    Bound bound{.kind = Bound::Kind::literal};
    bound.where = scalar.where;
    set_value(bound, name, scalar, declaration);
    if (job_.scope) return bound;
    bound.parameter = name;
    context_.parameters.emplace(name, context_.pipeline.parameters.size());
    context_.parameter_names.push_back(name);
    context_.pipeline.parameters.push_back({name, declaration.literal.value_or(type_of(scalar)), bound.value, overridden, location(scalar.where)});
    return bound;
  }

  void set_value(Bound& bound, const std::string& name, const Scalar& scalar, const Declaration& declaration) {
    const auto text = literal_text(scalar, declaration.literal);
    bound.broken = !text;
    if (!text)
      return context_.error(scalar.where, fmt::format("{} must be {}, got {}", named(name), describe(*declaration.literal), describe(scalar)));
    bound.value = *text;
    check_value(name, scalar, *text, declaration);
  }

  void check_value(const std::string& name, const Scalar& scalar, const std::string& text, const Declaration& declaration) {
    const auto& choices = declaration.choices;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end() &&
        std::find(choices.begin(), choices.end(), scalar.text) == choices.end())
      context_.warning(scalar.where, fmt::format("{} should be one of {}, got {}", named(name), join(choices, ", "), describe(scalar)),
                       context_.hint(text, choices));
    const auto number = parse_number(text);
    if (number && ((declaration.least && *number < *declaration.least) || (declaration.most && *number > *declaration.most)))
      context_.error(scalar.where, fmt::format("{} must be {}, got {}", named(name), describe_limits(declaration.least, declaration.most), text));
  }

  Reading& reading_;
  Context& context_;
  Job& job_;
};

void read_option(Reading& reading, const std::string& option, const std::string& written, std::map<std::string, Option>& all) {
  if (const auto given = read_given_by_name(reading.context, option, written)) all[given->name] = {given->value};
}

void check_used(Context& context, const std::map<std::string, Option>& options, const std::vector<std::string>& names,
                const std::vector<std::string>& others, std::string_view what, std::string_view other_option) {
  for (const auto& [name, option] : options) {
    if (option.used) continue;
    const bool is_other = std::find(others.begin(), others.end(), name) != others.end();
    context.error(option.value.where, fmt::format("the pipeline has no {} `{}`", what, name),
                  is_other ? fmt::format("it is given with {}", other_option) : context.hint(name, names));
  }
}

}  // namespace

void read_given(Reading& reading) {
  for (const std::string& written : reading.context.overrides.parameters) read_option(reading, "-p", written, reading.values);
  for (const std::string& written : reading.context.overrides.inputs) read_option(reading, "--input", written, reading.data);
}

void read_inputs_of(Reading& reading, Job& job, const Place& where) {
  if (job.state == Job::Inputs::read) return;
  if (job.state == Job::Inputs::being_read)
    return reading.context.error(where, fmt::format("inputs of {} stand for each other in a circle", job.title()));
  if (reading.depth >= longest_chain)
    return reading.context.error(where, fmt::format("more than {} inputs stand for each other in a row", longest_chain));
  ++reading.depth;
  job.state = Job::Inputs::being_read;
  Reader(reading, job).read();
  job.state = Job::Inputs::read;
  --reading.depth;
}

void check_given(Reading& reading) {
  Context& context = reading.context;
  std::vector<std::string> names, options, values = context.parameter_names, data = context.input_names;
  for (const Missing& missing : reading.missing) (missing.is_data ? data : values).push_back(missing.name);
  check_used(context, reading.values, values, data, "parameter", "--input");
  check_used(context, reading.data, data, values, "data input", "-p");
  const Location* first = nullptr;
  for (const Missing& missing : reading.missing) {
    if (!reading.used.contains(missing.name)) continue;
    if (!first) first = &missing.where;
    names.push_back(fmt::format("`{}`", missing.name));
    options.push_back(fmt::format("{} {}={}", missing.is_data ? "--input" : "-p", missing.name, missing.is_data ? "PATH" : "VALUE"));
  }
  if (first)
    context.error_at(*first, fmt::format("the pipeline needs {} that nobody gives: {}", names.size() == 1 ? "an input" : "inputs", join(names, ", ")),
                     join(options, " "));
}

}  // namespace mlpipe::spec::v2
