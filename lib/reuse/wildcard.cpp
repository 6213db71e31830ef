// git's wildmatch (WM_PATHNAME), in time proportional to pattern times path whatever they are: a star takes as little as it
// can, and only the last star (and the last double star) is ever tried again.
#include <algorithm>
#include <cctype>

#include "reuse/ignore.h"

namespace mlpipe {
namespace {

bool in_class(std::string_view name, unsigned char c) {
  struct Class {
    std::string_view name;
    int (*holds)(int);
  };
  static constexpr Class classes[] = {{"alnum", std::isalnum}, {"alpha", std::isalpha}, {"blank", std::isblank}, {"cntrl", std::iscntrl},
                                      {"digit", std::isdigit}, {"graph", std::isgraph}, {"lower", std::islower}, {"print", std::isprint},
                                      {"punct", std::ispunct}, {"space", std::isspace}, {"upper", std::isupper}, {"xdigit", std::isxdigit}};
  for (const Class& each : classes)
    if (each.name == name) return c < 0x80 && each.holds(c);
  return false;
}

// A bracket expression; `at` is behind its '[' and is moved behind its ']'.
struct Bracket {
  bool closed = false, matches = false;

  Bracket(std::string_view pattern, std::size_t& at, unsigned char c) {
    const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
    if (negated) ++at;
    bool found = false;
    for (bool first = true; at < pattern.size(); first = false) {
      if (pattern[at] == ']' && !first) {
        ++at;
        closed = true;
        break;
      }
      found |= takes(pattern, at, c);
    }
    matches = closed && found != negated && c != '/';
  }

 private:
  // One member, range or class.
  static bool takes(std::string_view pattern, std::size_t& at, unsigned char c) {
    if (pattern.substr(at, 2) == "[:") {
      if (const auto end = pattern.find(":]", at + 2); end != std::string_view::npos) {
        const std::string_view name = pattern.substr(at + 2, end - at - 2);
        at = end + 2;
        return in_class(name, c);
      }
    }
    const unsigned char low = member(pattern, at);
    if (at + 1 >= pattern.size() || pattern[at] != '-' || pattern[at + 1] == ']') return c == low;
    ++at;
    return low <= c && c <= member(pattern, at);
  }

  static unsigned char member(std::string_view pattern, std::size_t& at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    return static_cast<unsigned char>(pattern[at++]);
  }
};

class Match {
 public:
  Match(std::string_view pattern, std::string_view text) : pattern_(pattern), text_(text) {}

  bool run() {
    while (true) {
      if (p_ == pattern_.size() && t_ == text_.size()) return true;
      if (p_ < pattern_.size() && step()) continue;
      if (!retry()) return false;
    }
  }

 private:
  static constexpr std::size_t none = std::string_view::npos;

  bool step() {
    if (pattern_[p_] == '*') return star();
    if (t_ == text_.size()) return false;
    const char wanted = pattern_[p_];
    if (wanted == '?') return text_[t_] != '/' && advance(p_ + 1);
    if (wanted == '[') {
      std::size_t behind = p_ + 1;
      return Bracket(pattern_, behind, static_cast<unsigned char>(text_[t_])).matches && advance(behind);
    }
    if (wanted != '\\') return wanted == text_[t_] && advance(p_ + 1);
    return p_ + 1 < pattern_.size() && pattern_[p_ + 1] == text_[t_] && advance(p_ + 2);
  }

  bool advance(std::size_t behind) {
    p_ = behind;
    ++t_;
    return true;
  }

  // Two stars or more that fill a part of the path stand for any number of parts; others do not cross a '/'.
  bool star() {
    const std::size_t end = std::min(pattern_.find_first_not_of('*', p_), pattern_.size());
    const bool whole_part = (p_ == 0 || pattern_[p_ - 1] == '/') && (end == pattern_.size() || pattern_[end] == '/');
    if (end - p_ < 2 || !whole_part) {
      star_p_ = end;
      star_t_ = t_;
    } else {
      star_p_ = none;
      // "**/" also stands for nothing at all, so what follows is tried at every start of a part.
      parts_only_ = end < pattern_.size();
      deep_p_ = parts_only_ ? end + 1 : end;
      deep_t_ = t_;
    }
    p_ = star_p_ != none ? star_p_ : deep_p_;
    return true;
  }

  bool retry() {
    if (star_p_ != none && star_t_ < text_.size() && text_[star_t_] != '/') {
      t_ = ++star_t_;
      p_ = star_p_;
      return true;
    }
    return retry_deep();
  }

  bool retry_deep() {
    if (deep_p_ == none || deep_t_ >= text_.size()) return false;
    const std::size_t slash = parts_only_ ? text_.find('/', deep_t_) : deep_t_;
    if (slash == none) return false;
    t_ = deep_t_ = slash + 1;
    p_ = deep_p_;
    star_p_ = none;
    return true;
  }

  const std::string_view pattern_, text_;
  std::size_t p_ = 0, t_ = 0;
  std::size_t star_p_ = none, star_t_ = 0;  // where to go on behind the last '*', and what it has taken so far
  std::size_t deep_p_ = none, deep_t_ = 0;  // the same of the last "**"
  bool parts_only_ = false;
};

}  // namespace

bool wildcard_match(std::string_view pattern, std::string_view path) { return Match(pattern, path).run(); }

}  // namespace mlpipe
