#include "spec/v2/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec/v2/expression_forms.h"

namespace mlpipe::spec::v2 {
namespace {

using Kind = Expression::Kind;

constexpr std::string_view optional_opening = "$[[", optional_closing = "]]";

struct Token {
  enum class Kind { text, expression, open, close };
  Kind kind;
  std::string text;
  Place where;
};

// "]]" closes only what "$[[" has opened: a shell has a "]]" of its own.
std::vector<Token> tokens_of(const std::vector<Piece>& pieces) {
  std::vector<Token> tokens;
  int open = 0;
  for (const Piece& piece : pieces) {
    if (piece.is_expression) {
      tokens.push_back({Token::Kind::expression, piece.text, piece.where});
      continue;
    }
    std::string_view rest = piece.text;
    while (!rest.empty()) {
      const auto opening = rest.find(optional_opening), closing = open > 0 ? rest.find(optional_closing) : std::string_view::npos;
      const auto next = std::min(opening, closing);
      if (next > 0) tokens.push_back({Token::Kind::text, std::string(rest.substr(0, next)), piece.where});
      if (next == std::string_view::npos) break;
      tokens.push_back({next == opening ? Token::Kind::open : Token::Kind::close, {}, piece.where});
      open += next == opening ? 1 : -1;
      rest.remove_prefix(next + (next == opening ? optional_opening : optional_closing).size());
    }
  }
  return tokens;
}

std::vector<std::string> names_of(const Job& job, const Step& step, bool outputs) {
  std::vector<std::string> names;
  if (outputs)
    for (const StepOutput& output : step.outputs) names.push_back(output.name);
  else
    for (const auto& input : job.inputs) names.push_back(input.first);
  return names;
}

class Reader {
 public:
  Reader(Reading& reading, const Job& job, const Step& step, const std::string& what, std::vector<Token> tokens)
      : context_(reading.context), job_(job), step_(step), what_(what), tokens_(std::move(tokens)) {}

  std::optional<Template> read(const Scalar& text) {
    Template result;
    result.written = text.text;
    result.where = location(text.where);
    bool missing = false;
    while (next_ < tokens_.size()) take(result.parts, false, missing);
    if (!good_) return std::nullopt;
    return result;
  }

 private:
  using Parts = decltype(Template::parts);

  static void append(Parts& parts, const std::string& text) {
    auto* last = parts.empty() ? nullptr : std::get_if<std::string>(&parts.back());
    if (last) *last += text;
    else parts.emplace_back(text);
  }

  // One token, or what $[[ ]] encloses; `missing`: an optional input in it is not given.
  void take(Parts& parts, bool inside, bool& missing) {
    const Token& token = tokens_[next_++];
    if (token.kind == Token::Kind::text) append(parts, token.text);
    if (token.kind == Token::Kind::expression) take_expression(parts, token, inside, missing);
    if (token.kind == Token::Kind::open) take_optional(parts, token);
  }

  void take_optional(Parts& parts, const Token& opening) {
    Parts enclosed;
    bool missing = false;
    while (next_ < tokens_.size() && tokens_[next_].kind != Token::Kind::close) take(enclosed, true, missing);
    if (next_ == tokens_.size()) {
      good_ = false;
      return context_.error(opening.where, fmt::format("`$[[` in {} is never closed", what_), "close it with ]]");
    }
    ++next_;
    if (missing) return;
    for (auto& part : enclosed) {
      if (auto* text = std::get_if<std::string>(&part)) append(parts, *text);
      else parts.push_back(std::move(part));
    }
  }

  void take_expression(Parts& parts, const Token& token, bool inside, bool& missing) {
    const auto expression = parse_expression(context_, {true, token.text, token.where}, {Kind::input, Kind::output}, what_);
    if (!expression) good_ = false;
    else if (expression->kind == Kind::output) take_output(parts, *expression);
    else take_input(parts, *expression, inside, missing);
  }

  void take_output(Parts& parts, const Expression& expression) {
    const StepOutput* output = step_.output(expression.name);
    if (output && (output->left_in.empty() || output->where.line != step_.where.line || output->where.column != step_.where.column)) parts.emplace_back(Reference{RefKind::output, expression.name, {}, location(expression.where)});
    else unknown(expression, true);
  }

  void take_input(Parts& parts, const Expression& expression, bool inside, bool& missing) {
    const Bound* bound = job_.input(expression.name);
    if (!bound) return unknown(expression, false);
    if (bound->broken) {
      good_ = false;
    } else if (bound->kind == Bound::Kind::unset) {
      missing = true;
      if (inside) return;
      good_ = false;
      context_.error(expression.where, fmt::format("input `{}` of {} is optional and not given, but {} uses it", expression.name, job_.title(), what_),
                     fmt::format("write $[[--{0} ${{{{inputs.{0}}}}}]], which is left out then", expression.name));
    } else {
      if (bound->optional && !inside)
        context_.azure_warning(expression.where, fmt::format("Azure refuses the optional input `{}` outside of $[[ ]]", expression.name));
      const bool side = !step_.input(expression.name, false);
      parts.emplace_back(Reference{side ? RefKind::side_input : RefKind::input, expression.name, {}, location(expression.where)});
    }
  }

  void unknown(const Expression& expression, bool output) {
    good_ = false;
    const auto names = names_of(job_, step_, output);
    const std::string_view what = output ? "output" : "input";
    context_.error(expression.where, fmt::format("{} has no {} `{}`", job_.title(), what, expression.name),
                   names.empty() ? fmt::format("it has no {}s", what) : context_.hint(expression.name, names));
  }

  Context& context_;
  const Job& job_;
  const Step& step_;
  const std::string& what_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  bool good_ = true;
};

}  // namespace

std::optional<Template> read_text(Reading& reading, const Job& job, const Step& step, const Scalar& text, const std::string& what) {
  const auto pieces = split_expressions(reading.context, text);
  if (!pieces) return std::nullopt;
  return Reader(reading, job, step, what, tokens_of(*pieces)).read(text);
}

std::optional<std::string> single_name(Reading& reading, const Step& step, const Scalar& text, const std::string& what, bool is_output) {
  const auto pieces = split_expressions(reading.context, text);
  if (!pieces) return std::nullopt;
  const std::string_view form = is_output ? "${{outputs.NAME}}" : "${{inputs.NAME}}";
  if (pieces->size() != 1 || !pieces->front().is_expression) {
    reading.context.error(text.where, fmt::format("{} must be {}, got `{}`", what, form, text.text));
    return std::nullopt;
  }
  const auto expression = parse_expression(reading.context, pieces->front(), {is_output ? Kind::output : Kind::input}, what);
  if (!expression) return std::nullopt;
  std::vector<std::string> names;
  for (const StepOutput& output : step.outputs)
    if (is_output) names.push_back(output.name);
  for (const StepInput& input : step.inputs)
    if (!is_output) names.push_back(input.name);
  if (std::find(names.begin(), names.end(), expression->name) != names.end()) return expression->name;
  reading.context.error(expression->where, fmt::format("node `{}` has no {} `{}`", step.name, is_output ? "output" : "input", expression->name),
                        names.empty() ? "" : reading.context.hint(expression->name, names));
  return std::nullopt;
}

}  // namespace mlpipe::spec::v2
