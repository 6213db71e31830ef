#include "reuse/ignore.h"

#include <algorithm>

#include "base/text.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

// Nobody means these to be part of their code, so no negation brings them back.
constexpr std::string_view droppings =
    ".git\n.hg\n.svn\n.mlpipe/\n__pycache__/\n*.pyc\n*.pyo\n.ipynb_checkpoints/\n.venv/\n.mypy_cache/\n.pytest_cache/\n.ruff_cache/\n"
    ".idea/\n.vscode/\n.DS_Store\n._*\nThumbs.db\n.*.swp\n.*.swo\n.*.swx\n*~\n.#*\n\\#*#\n.nfs*\n.*.mlpipe.yml\nmlpipe.local.yaml\n";

// git: trailing blanks (not tabs) do not count unless a backslash stands before them.
std::string_view without_trailing_blanks(std::string_view line) {
  while (line.ends_with(' ')) {
    const auto before = line.substr(0, line.size() - 1);
    const auto slashes = before.size() - (before.find_last_not_of('\\') == std::string_view::npos ? 0 : before.find_last_not_of('\\') + 1);
    if (slashes % 2 == 1) break;
    line = before;
  }
  return line;
}

std::string_view name_part(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool has_wildcard(std::string_view pattern) { return pattern.find_first_of("*?[\\") != std::string_view::npos; }

}  // namespace

IgnoreRules::IgnoreRules() {
  add_lines(droppings);
  always_ = rules_.size();
}

Result<IgnoreRules> IgnoreRules::of(const Path& directory) {
  IgnoreRules rules;
  for (const char* name : {".amlignore", ".gitignore"}) {
    const Path file = directory / name;
    if (!is_file(file)) continue;
    MLPIPE_TRY(const std::string text, read_file(file));
    rules.add_lines(text);
    break;
  }
  return rules;
}

void IgnoreRules::add_lines(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with('#')) add_pattern(without_trailing_blanks(line));
  }
}

void IgnoreRules::add_pattern(std::string_view text) {
  Rule rule;
  rule.negated = text.starts_with('!');
  if (rule.negated) text.remove_prefix(1);
  rule.folders_only = text.ends_with('/');
  if (rule.folders_only) text.remove_suffix(1);
  rule.anchored = text.find('/') != std::string_view::npos;
  if (text.starts_with('/')) text.remove_prefix(1);
  if (text.empty()) return;
  rule.pattern = text;
  if (!has_wildcard(text)) rule.shape = Shape::literal;
  else if (!rule.anchored && text.starts_with('*') && !has_wildcard(text.substr(1))) rule.shape = Shape::suffix;
  rules_.push_back(std::move(rule));
}

bool IgnoreRules::Rule::matches(std::string_view path, bool folder) const {
  if (folders_only && !folder) return false;
  const std::string_view text = anchored ? path : name_part(path);
  switch (shape) {
    case Shape::literal: return text == pattern;
    case Shape::suffix: return text.ends_with(std::string_view(pattern).substr(1));
    case Shape::general: return wildcard_match(pattern, text);
  }
  return false;
}

Digest IgnoreRules::digest() const {
  Hasher hasher;
  for (const Rule& rule : rules_) hasher.field(rule.pattern).number(rule.negated * 4 + rule.folders_only * 2 + rule.anchored);
  return hasher.finish();
}

bool IgnoreRules::ignores(std::string_view path, bool folder) const {
  const auto user_rules = rules_.begin() + static_cast<std::ptrdiff_t>(always_);
  const auto matches = [&](const Rule& rule) { return rule.matches(path, folder); };
  return std::any_of(rules_.begin(), user_rules, matches) || ignores_as_written(path, folder);
}

// The last rule that matches decides.
bool IgnoreRules::ignores_as_written(std::string_view path, bool folder) const {
  const auto end = std::make_reverse_iterator(rules_.begin() + static_cast<std::ptrdiff_t>(always_));
  const auto last = std::find_if(rules_.rbegin(), end, [&](const Rule& rule) { return rule.matches(path, folder); });
  return last != end && !last->negated;
}

}  // namespace mlpipe
