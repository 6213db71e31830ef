#include "spec/v2/expression_forms.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mlpipe::spec::v2 {
namespace {

using Kind = Expression::Kind;

// The words of each form; NODE is one name, NAME is all that is left.
struct Form {
  Kind kind;
  std::vector<std::string> words;
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {Kind::input, {"inputs", "NAME"}},
      {Kind::output, {"outputs", "NAME"}},
      {Kind::parent_input, {"parent", "inputs", "NAME"}},
      {Kind::parent_output, {"parent", "outputs", "NAME"}},
      {Kind::job_output, {"parent", "jobs", "NODE", "outputs", "NAME"}},
      {Kind::job_input, {"parent", "jobs", "NODE", "inputs", "NAME"}},
      {Kind::name, {"name"}},
      {Kind::output_name, {"output_name"}},
      {Kind::default_datastore, {"default_datastore"}}};
  return all;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : split(text, '.')) words.emplace_back(trim(word));
  return words;
}

bool is_allowed(Kind kind, const std::vector<Kind>& allowed) { return std::find(allowed.begin(), allowed.end(), kind) != allowed.end(); }

std::optional<Expression> match(const Form& form, const std::vector<std::string>& words, const Place& where) {
  Expression expression{form.kind, {}, {}, where};
  for (std::size_t i = 0; i < form.words.size(); ++i) {
    if (i >= words.size() || words[i].empty()) return std::nullopt;
    if (form.words[i] == "NODE") expression.job = words[i];
    else if (form.words[i] == "NAME") expression.name = join({words.begin() + static_cast<std::ptrdiff_t>(i), words.end()}, ".");
    else if (form.words[i] != words[i]) return std::nullopt;
  }
  if (form.words.back() != "NAME" && words.size() != form.words.size()) return std::nullopt;
  return expression;
}

std::string spelling(const Form& form) { return fmt::format("${{{{{}}}}}", join(form.words, ".")); }

std::string spellings(const std::vector<Kind>& allowed) {
  std::vector<std::string> known;
  for (const Form& form : forms())
    if (is_allowed(form.kind, allowed)) known.push_back(spelling(form));
  return known.empty() ? "no expression can stand here" : fmt::format("one of: {}", join(known, ", "));
}

// What the user most likely meant: a form with the misspelt words put right.
std::string nearest_form(const std::vector<std::string>& words, const std::vector<Kind>& allowed) {
  for (const Form& form : forms()) {
    if (!is_allowed(form.kind, allowed) || form.words.size() > words.size()) continue;
    std::vector<std::string> meant;
    for (std::size_t i = 0; i < form.words.size(); ++i) {
      const bool is_free = form.words[i] == "NODE" || form.words[i] == "NAME";
      meant.push_back(is_free ? words[i] : nearest(words[i], {form.words[i]}));
    }
    if (std::none_of(meant.begin(), meant.end(), [](const std::string& word) { return word.empty(); }))
      return fmt::format("did you mean ${{{{{}}}}}?", join(meant, "."));
  }
  return {};
}

std::string hint_for_misplaced(const Expression& expression) {
  if (expression.kind == Kind::parent_input || expression.kind == Kind::job_output || expression.kind == Kind::job_input)
    return fmt::format("give the node an input, `{0}: ...` with this expression, and write ${{{{inputs.{0}}}}} here", expression.name);
  if (expression.kind == Kind::parent_output)
    return fmt::format("give the node an output, `{0}: ...` with this expression, and write ${{{{outputs.{0}}}}} here", expression.name);
  return {};
}

}  // namespace

std::optional<Expression> parse_expression(Context& context, const Piece& piece, const std::vector<Kind>& allowed, std::string_view what) {
  const auto words = words_of(piece.text);
  for (const Form& form : forms()) {
    auto expression = match(form, words, piece.where);
    if (!expression) continue;
    if (is_allowed(form.kind, allowed)) return expression;
    const std::string hint = allowed.empty() ? "" : hint_for_misplaced(*expression);
    context.error(piece.where, fmt::format("`{}` cannot stand in {}", piece.text, what), hint.empty() ? spellings(allowed) : hint);
    return std::nullopt;
  }
  const std::string near = nearest_form(words, allowed);
  context.error(piece.where, piece.text.empty() ? "an empty expression" : fmt::format("`{}` is no expression of Azure's", piece.text),
                near.empty() ? spellings(allowed) : near);
  return std::nullopt;
}

}  // namespace mlpipe::spec::v2
