#include "spec/reading/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mlpipe::spec {
namespace {

constexpr std::string_view opening = "${{", closing = "}}";

// The words of each expression; "*" stands for a name.
struct Form {
  RefKind kind;
  std::array<std::string_view, 5> words;
};
constexpr Form forms[] = {
    {RefKind::pipeline_input, {"pipeline", "inputs", "*"}},
    {RefKind::step_output, {"steps", "*", "outputs", "*"}},
    {RefKind::parameter, {"parameters", "*"}},
    {RefKind::input, {"inputs", "*"}},
    {RefKind::side_input, {"side_inputs", "*"}},
    {RefKind::output, {"outputs", "*"}},
    {RefKind::run_id, {"run", "id"}},
    {RefKind::pipeline_input, {"parent", "inputs", "*"}},
    {RefKind::step_output, {"parent", "jobs", "*", "outputs", "*"}},
};

std::string spelling(const Form& form) {
  std::vector<std::string> words;
  for (const std::string_view word : form.words) {
    if (word.empty()) break;
    if (word != "*") words.emplace_back(word);
    else words.push_back(words.back() == "steps" || words.back() == "jobs" ? "STEP" : "NAME");
  }
  return fmt::format("${{{{{}}}}}", join(words, "."));
}

bool allowed(RefKind kind, Scope::Kind scope) {
  if (kind == RefKind::parameter) return true;
  if (scope == Scope::Kind::parameters) return false;
  const bool names_data = kind == RefKind::pipeline_input || kind == RefKind::step_output;
  return names_data == (scope == Scope::Kind::data);
}

// The names in `words` that the form's stars stand for, or nothing when it is another form.
std::optional<std::vector<std::string>> match(const Form& form, const std::vector<std::string>& words) {
  std::vector<std::string> names;
  std::size_t i = 0;
  for (; i < form.words.size() && !form.words[i].empty(); ++i) {
    if (i >= words.size()) return std::nullopt;
    if (form.words[i] == "*") names.push_back(words[i]);
    else if (form.words[i] != words[i]) return std::nullopt;
  }
  if (i != words.size()) return std::nullopt;
  return names;
}

std::string scope_hint(Scope::Kind scope, std::string_view written) {
  if (scope == Scope::Kind::parameters) return "only ${{parameters.NAME}} can stand here";
  if (scope == Scope::Kind::data)
    return "data comes from ${{pipeline.inputs.NAME}} or ${{steps.STEP.outputs.NAME}}, a value from ${{parameters.NAME}}";
  return fmt::format("add it to the step's inputs, `data: \"${{{{{}}}}}\"`, and write ${{{{inputs.data}}}} here", written);
}

std::vector<std::string> names_of(const Step& step, RefKind kind) {
  std::vector<std::string> names;
  if (kind == RefKind::output)
    for (const StepOutput& output : step.outputs) names.push_back(output.name);
  else
    for (const StepInput& input : step.inputs)
      if (input.side == (kind == RefKind::side_input)) names.push_back(input.name);
  return names;
}

// Where the expressions of a text stand: the n-th "${{" of it is the n-th in the file from its start, whatever the quoting and the
// line breaks.
class Finder {
 public:
  explicit Finder(const Place& start) : start_(start) {}

  Place next(std::size_t length) {
    if (start_.line < 1 || !start_.document) return start_;
    if (cursor_ == 0) cursor_ = start_.document->offset(start_);
    const auto found = start_.document->text.find(opening, cursor_);
    if (found == std::string::npos) return start_;
    cursor_ = found + opening.size();
    return start_.document->place_of(found, length);
  }

 private:
  const Place& start_;
  std::size_t cursor_ = 0;
};

class Parser {
 public:
  Parser(Context& context, const Scalar& scalar, std::string_view key, const Scope& scope)
      : context_(context), scalar_(scalar), key_(key), scope_(scope) {}

  std::optional<Template> parse() {
    const auto pieces = split_expressions(context_, scalar_);
    if (!pieces) return std::nullopt;
    Template result;
    result.written = scalar_.text;
    result.where = location(scalar_.where);
    bool good = true;
    for (const Piece& piece : *pieces) {
      if (!piece.is_expression) result.parts.emplace_back(piece.text);
      else if (auto reference = parse_reference(piece.text, piece.where)) result.parts.emplace_back(std::move(*reference));
      else good = false;
    }
    if (!good) return std::nullopt;
    return result;
  }

 private:
  std::optional<Reference> parse_reference(std::string_view inner, const Place& where) {
    std::vector<std::string> words;
    for (const std::string_view word : split(inner, '.')) words.emplace_back(trim(word));
    for (const Form& form : forms) {
      const auto names = match(form, words);
      if (!names) continue;
      Reference reference{form.kind, names->empty() ? "" : names->back(), names->size() > 1 ? names->front() : "", location(where)};
      if (!check(reference, where, trim(inner))) return std::nullopt;
      return reference;
    }
    unknown(words, where, trim(inner));
    return std::nullopt;
  }

  void unknown(const std::vector<std::string>& words, const Place& where, std::string_view inner) {
    if (inner.empty()) return context_.error(where, "an empty expression", scope_hint_for_unknown());
    std::vector<std::string> roots;
    for (const Form& form : forms) {
      const std::string root(form.words[0]);
      if (root == words[0])
        return context_.error(where, fmt::format("`{}` is not a whole expression", inner), fmt::format("write {}", spelling(form)));
      if (allowed(form.kind, scope_.kind) && root != "parent") roots.push_back(root);
    }
    context_.error(where, fmt::format("`{}` stands for nothing: no expression begins with `{}`", inner, words[0]),
                   context_.hint(words[0], roots));
  }

  std::string scope_hint_for_unknown() const {
    std::vector<std::string> known;
    for (const Form& form : forms)
      if (allowed(form.kind, scope_.kind) && form.words[0] != "parent") known.push_back(spelling(form));
    return fmt::format("one of: {}", join(known, ", "));
  }

  bool check(const Reference& reference, const Place& where, std::string_view inner) {
    if (!allowed(reference.kind, scope_.kind)) {
      context_.error(where, fmt::format("`{}` cannot stand in {}", inner, key_), scope_hint(scope_.kind, inner));
      return false;
    }
    if (reference.kind == RefKind::parameter)
      return known(context_.parameters.contains(reference.name), reference, where, "parameter", context_.parameter_names);
    if (reference.kind == RefKind::pipeline_input)
      return known(context_.inputs.contains(reference.name), reference, where, "pipeline input", context_.input_names);
    if (!scope_.step || reference.kind == RefKind::run_id || reference.kind == RefKind::step_output) return true;
    const bool is_output = reference.kind == RefKind::output;
    const bool found = is_output ? scope_.step->output(reference.name) != nullptr
                                 : scope_.step->input(reference.name, reference.kind == RefKind::side_input) != nullptr;
    return found || missing_of_step(reference, where);
  }

  bool known(bool found, const Reference& reference, const Place& where, std::string_view what, const std::vector<std::string>& names) {
    if (found) return true;
    const std::string hint = names.empty() ? fmt::format("the pipeline has no {}s", what) : context_.hint(reference.name, names);
    context_.error(where, fmt::format("unknown {} `{}`", what, reference.name), hint);
    return false;
  }

  bool missing_of_step(const Reference& reference, const Place& where) {
    const Step& step = *scope_.step;
    const bool output = reference.kind == RefKind::output, side = reference.kind == RefKind::side_input;
    const std::string_view what = output ? "output" : side ? "side input" : "input";
    std::string hint;
    if (!output && step.input(reference.name, !side)) {
      hint = fmt::format("it is one of the {}: write ${{{{{}.{}}}}}", side ? "inputs" : "side inputs", side ? "inputs" : "side_inputs",
                         reference.name);
    } else {
      const auto names = names_of(step, reference.kind);
      hint = names.empty() ? fmt::format("the step has no {}s", what) : context_.hint(reference.name, names);
    }
    context_.error(where, fmt::format("step `{}` has no {} `{}`", step.name, what, reference.name), hint);
    return false;
  }

  Context& context_;
  const Scalar& scalar_;
  std::string_view key_;
  const Scope& scope_;
};

}  // namespace

std::optional<std::vector<Piece>> split_expressions(Context& context, const Scalar& scalar) {
  std::vector<Piece> pieces;
  Finder finder(scalar.where);
  std::string_view rest = scalar.text;
  for (;;) {
    const auto start = rest.find(opening);
    if (start > 0 && !rest.empty()) pieces.push_back({false, std::string(rest.substr(0, start)), scalar.where});
    if (start == std::string_view::npos) return pieces;
    rest.remove_prefix(start);
    const auto end = rest.find(closing);
    if (end == std::string_view::npos) {
      context.error(finder.next(opening.size()), "`${{` is never closed", "close the expression with }}");
      return std::nullopt;
    }
    const std::string_view inner = trim(rest.substr(opening.size(), end - opening.size()));
    pieces.push_back({true, std::string(inner), finder.next(end + closing.size())});
    rest.remove_prefix(end + closing.size());
  }
}

std::optional<Template> parse_template(Context& context, const Scalar& scalar, std::string_view key, const Scope& scope) {
  return Parser(context, scalar, key, scope).parse();
}

std::optional<Scalar> resolve_parameters(Context& context, const Scalar& scalar, std::string_view key) {
  if (!has_expression(scalar.text)) return scalar;
  const auto parsed = parse_template(context, scalar, key, {Scope::Kind::parameters});
  if (!parsed) return std::nullopt;
  Scalar resolved{"", true, scalar.where};
  for (const auto& part : parsed->parts) {
    if (const auto* text = std::get_if<std::string>(&part)) {
      resolved.text += *text;
      continue;
    }
    const Parameter& parameter = *context.parameter(std::get<Reference>(part).name);
    resolved.text += parameter.value;
    if (parsed->parts.size() == 1) resolved.is_text = parameter.type == ParameterType::string;
  }
  return resolved;
}

}  // namespace mlpipe::spec
