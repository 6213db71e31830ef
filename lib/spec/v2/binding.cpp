#include "spec/v2/binding.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/v2/expression_forms.h"
#include "spec/v2/inputs.h"

namespace mlpipe::spec::v2 {
namespace {

using Kind = Expression::Kind;

Bound broken() { return {.broken = true}; }

std::vector<std::string> names_of(const Job& job) {
  std::vector<std::string> names;
  for (const auto& input : job.inputs) names.push_back(input.first);
  return names;
}

Bound input_of(Reading& reading, Job& job, const std::string& name, const Place& where) {
  read_inputs_of(reading, job, where);
  if (job.state != Job::Inputs::read) return broken();
  if (const Bound* bound = job.input(name)) {
    if (!job.scope) reading.used.insert(name);
    return *bound;
  }
  const auto names = names_of(job);
  reading.context.error(where, fmt::format("{} has no input `{}`", job.title(), name),
                        names.empty() ? "it has no inputs" : reading.context.hint(name, names));
  return broken();
}

Job* node_beside(Reading& reading, const Body& scope, const Expression& expression) {
  if (Job* job = scope.job(expression.job)) return job;
  reading.context.error(expression.where, fmt::format("unknown node `{}`", expression.job),
                        reading.context.hint(expression.job, scope.job_names()));
  return nullptr;
}

Bound bind_expression(Reading& reading, const Body& scope, const Expression& expression) {
  if (expression.kind == Kind::parent_input) return input_of(reading, *scope.owner, expression.name, expression.where);
  Job* job = node_beside(reading, scope, expression);
  if (!job) return broken();
  if (expression.kind == Kind::job_input) return input_of(reading, *job, expression.name, expression.where);
  const auto source = source_of(reading, *job, expression.name, expression.where);
  if (!source) return broken();
  Bound bound{.kind = Bound::Kind::output};
  bound.step = source->step;
  bound.source = source->output;
  return bound;
}

// The value of one expression in a setting; nothing: it has none, which is reported.
std::optional<std::string> value_of(Reading& reading, Body* scope, const Job* job, const Piece& piece, std::string_view key) {
  std::vector<Kind> allowed;
  if (scope) allowed.push_back(Kind::parent_input);
  if (job) allowed.push_back(Kind::input);
  const auto expression = parse_expression(reading.context, piece, allowed, key);
  if (!expression) return std::nullopt;
  const Bound* const own = expression->kind == Kind::input ? job->input(expression->name) : nullptr;
  if (expression->kind == Kind::input && !own) {
    reading.context.error(expression->where, fmt::format("{} has no input `{}`", job->title(), expression->name),
                          reading.context.hint(expression->name, names_of(*job)));
    return std::nullopt;
  }
  const Bound bound = own ? *own : bind_expression(reading, *scope, *expression);
  if (bound.broken) return std::nullopt;
  if (bound.kind == Bound::Kind::literal) return bound.value;
  reading.context.error(piece.where, fmt::format("{} must be a value, but `{}` is {}", key, piece.text,
                                                 bound.kind == Bound::Kind::unset ? "not given" : "data"));
  return std::nullopt;
}

// A setting with values in the place of its expressions. What is left is what it looks like, quoted or not, as with Azure.
std::optional<Scalar> settled(Reading& reading, Body* scope, const Job* job, const Scalar& scalar, std::string_view key) {
  if (!has_expression(scalar.text)) return Scalar{scalar.text, false, scalar.where};
  const auto pieces = split_expressions(reading.context, scalar);
  if (!pieces) return std::nullopt;
  Scalar text{"", false, scalar.where};
  for (const Piece& piece : *pieces) {
    const auto value = piece.is_expression ? value_of(reading, scope, job, piece, key) : piece.text;
    if (!value) return std::nullopt;
    text.text += *value;
  }
  return text;
}

// "/test/a" -> "test/a"; nothing: it would leave the data.
std::optional<std::string> path_below(const std::string& written) {
  const Path path = Path(written.substr(1)).lexically_normal();
  if (!written.starts_with('/') || path.is_absolute() || (!path.empty() && *path.begin() == "..")) return std::nullopt;
  const std::string text = path.string();
  return text == "." ? "" : text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

bool is_data(const Bound& bound) { return bound.kind == Bound::Kind::data || bound.kind == Bound::Kind::output; }

// One piece after another: values join, data may only have a path below it.
class Joiner {
 public:
  Joiner(Reading& reading, const Scalar& text, const std::string& what) : reading_(reading), text_(text), what_(what) {}

  void add(const Bound& bound) {
    if (bound.broken) all_.broken = true;
    if (pieces_++ == 0) all_ = bound;
    else if (is_data(bound) || is_data(all_)) mixed();
    else add_text(bound.value);
    if (!bound.parameter.empty()) all_.parameter = bound.parameter;
  }

  void add(const std::string& text) {
    ++pieces_;
    if (!is_data(all_)) return add_text(text);
    const auto below = path_below(text);
    if (below) all_.below += (all_.below.empty() || below->empty() ? "" : "/") + *below;
    else mixed();
  }

  Bound result() {
    all_.where = text_.where;
    return all_;
  }

 private:
  void add_text(const std::string& text) {
    all_.kind = Bound::Kind::literal;
    all_.value += text;
  }

  void mixed() {
    if (!all_.broken)
      reading_.context.error(text_.where, fmt::format("{} mixes data with other text", what_), "one expression, with an optional /path/below after it");
    all_.broken = true;
  }

  Reading& reading_;
  const Scalar& text_;
  const std::string& what_;
  Bound all_;
  std::size_t pieces_ = 0;
};

std::vector<std::string> words_inside(std::string_view text) {
  text = trim(text);
  if (!text.starts_with("${{") || !text.ends_with("}}")) return {};
  std::vector<std::string> words;
  for (const std::string_view word : split(text.substr(3, text.size() - 5), '.')) words.emplace_back(trim(word));
  return words;
}

// The node of a pipeline that writes its output `name`, and which of that node's outputs it is.
std::optional<std::pair<const Job*, std::string>> writer_of(const Job& pipeline, const std::string& name) {
  for (const auto& job : pipeline.body->jobs) {
    const Entry* outputs = entry_of(job->own, "outputs");
    if (!outputs || outputs->value.node->kind != Node::Kind::map) continue;
    for (const Entry& entry : outputs->value.node->entries)
      if (parent_output_of(entry.value) == name) return std::pair(job.get(), entry.key);
  }
  return std::nullopt;
}

std::vector<std::string> declared_outputs(const Job& job) {
  std::vector<std::string> names;
  const Entry* outputs = entry_of(job.component ? *job.component : job.own, "outputs");
  if (outputs && outputs->value.node->kind == Node::Kind::map)
    for (const Entry& entry : outputs->value.node->entries) names.push_back(entry.key);
  return names;
}

}  // namespace

Bound bind_text(Reading& reading, const Job& job, const Scalar& text, const std::string& what) {
  const std::vector<Kind> allowed = job.scope ? std::vector<Kind>{Kind::parent_input, Kind::job_output, Kind::job_input} : std::vector<Kind>{};
  const auto pieces = split_expressions(reading.context, text);
  if (!pieces) return broken();
  Joiner joiner(reading, text, what);
  for (const Piece& piece : *pieces) {
    if (!piece.is_expression) {
      joiner.add(piece.text);
      continue;
    }
    const auto expression = parse_expression(reading.context, piece, allowed, what);
    joiner.add(expression ? bind_expression(reading, *job.scope, *expression) : broken());
  }
  return joiner.result();
}

MapReader::Resolver values_in(Reading& reading, Body* scope) {
  return [&reading, scope](const Scalar& scalar, std::string_view key) { return settled(reading, scope, nullptr, scalar, key); };
}

MapReader::Resolver values_of(Reading& reading, const Job& job) {
  return [&reading, &job](const Scalar& scalar, std::string_view key) { return settled(reading, job.scope, &job, scalar, key); };
}

std::optional<Source> source_of(Reading& reading, const Job& job, const std::string& output, const Place& where) {
  if (job.kind != Job::Kind::pipeline) return Source{job.step, output};
  if (const auto writer = writer_of(job, output)) return source_of(reading, *writer->first, writer->second, where);
  const auto names = declared_outputs(job);
  const bool declared = std::find(names.begin(), names.end(), output) != names.end();
  reading.context.error(where, declared ? fmt::format("no node of {} writes its output `{}`", job.title(), output)
                                        : fmt::format("{} has no output `{}`", job.title(), output),
                        declared ? fmt::format("one of its nodes needs `outputs: {{NAME: \"${{{{parent.outputs.{}}}}}\"}}`", output)
                        : names.empty() ? "it has no outputs" : reading.context.hint(output, names));
  return std::nullopt;
}

bool is_written(const Job& pipeline, const std::string& output) { return writer_of(pipeline, output).has_value(); }

std::optional<std::string> parent_output_of(const Value& value) {
  const Entry* path = entry_of(value, "path");
  const Node& node = path ? *path->value.node : *value.node;
  if (node.kind != Node::Kind::scalar) return std::nullopt;
  const auto words = words_inside(node.text);
  if (words.size() < 3 || words[0] != "parent" || words[1] != "outputs") return std::nullopt;
  return join({words.begin() + 2, words.end()}, ".");
}

}  // namespace mlpipe::spec::v2
