// Which files of a source directory do not count: .amlignore at its root, else .gitignore there, in git's pattern language,
// plus what tools drop everywhere (.git, .mlpipe, __pycache__, *.pyc, .ipynb_checkpoints, .DS_Store, editor swap files, .venv ...).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "system/files.h"

namespace mlpipe {

class IgnoreRules {
 public:
  // The built-in rules alone.
  IgnoreRules();
  // ... and those of the ignore file at the root of `directory`, if there is one.
  static Result<IgnoreRules> of(const Path& directory);

  void add_lines(std::string_view text);

  // `path` is relative to the root. A folder that is ignored is not descended into: nothing below it is asked about. Negated
  // rules do not bring back what is built in.
  bool ignores(std::string_view path, bool folder) const;
  // ... by the ignore file alone: what Azure leaves out.
  bool ignores_as_written(std::string_view path, bool folder) const;
  // Equal for equal rules.
  Digest digest() const;

 private:
  enum class Shape { literal, suffix, general };  // literal and "*.x" are most of all rules, and quick to decide
  struct Rule {
    std::string pattern;
    bool negated = false, folders_only = false, anchored = false;
    Shape shape = Shape::general;

    bool matches(std::string_view path, bool folder) const;
  };
  void add_pattern(std::string_view text);

  std::vector<Rule> rules_;
  std::size_t always_ = 0;  // the first of them are built in
};

// git's wildmatch: * and ? do not match '/', ** between slashes does, [a-z] and [!a-z], \ escapes.
bool wildcard_match(std::string_view pattern, std::string_view path);

}  // namespace mlpipe
