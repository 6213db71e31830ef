// Changes as text.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "reuse/escape.h"
#include "reuse/why.h"

namespace mlpipe {
namespace {

constexpr std::size_t longest = 60;       // of a value that is shown whole
constexpr std::size_t context_before = 20;  // of what two long values have in common

// Never cuts a UTF-8 sequence.
std::size_t at_start_of_letter(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return std::min(at, text.size());
}

std::string shortened(std::string_view text, std::size_t from) {
  if (text.size() <= longest) return escape(text);
  const std::size_t start = from > context_before ? at_start_of_letter(text, std::min(from - context_before, text.size() - longest)) : 0;
  const std::size_t end = at_start_of_letter(text, std::min(start + longest, text.size()));
  return fmt::format("{}{}{}", start > 0 ? "..." : "", escape(text.substr(start, end - start)), end < text.size() ? "..." : "");
}

std::size_t first_difference(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

// What there is to say about a value that came, went or became another.
std::string value_change(const Change& change) {
  const std::size_t from = change.before.empty() || change.after.empty() ? 0 : first_difference(change.before, change.after);
  const std::string before = shortened(change.before, from), after = shortened(change.after, from);
  if (change.before.empty()) return fmt::format(" is new ({})", after);
  if (change.after.empty()) return fmt::format(" is gone (was {})", before);
  return fmt::format(": {} -> {}", before, after);
}

std::string content_change(const Change& change, bool digests) {
  if (change.before.empty()) return " is new";
  if (change.after.empty()) return " is gone";
  return digests ? fmt::format(" changed ({} -> {})", change.before, change.after) : " changed";
}

// "code file train.py", "input images: file test/1.png", "parameter epochs".
std::string subject(const Change& change) {
  std::string text(name_of(change.kind));
  const std::string key = escape(change.key), path = escape(change.path);
  const std::string_view noun = change.path.ends_with('/') ? "folder" : "file";
  if (change.kind == IngredientKind::code) {
    if (path.empty()) return key.empty() ? text : fmt::format("{} {}", text, key);
    return fmt::format("{} {} {}{}{}", text, noun, key, key.empty() ? "" : "/", path);
  }
  if (!key.empty()) text += " " + key;
  return path.empty() ? text : fmt::format("{}: {} {}", text, noun, path);
}

// "code: renamed a.py -> b.py"
std::string renamed(const Change& change) {
  std::string of(name_of(change.kind));
  if (!change.key.empty()) of += " " + escape(change.key);
  return fmt::format("{}: renamed {} -> {}", of, escape(change.before), escape(change.after));
}

std::string describe(const Change& change, bool digests) {
  if (change.kind == IngredientKind::semantics && change.key == "mlpipe") return "what mlpipe does with this step" + value_change(change);
  if (change.kind == IngredientKind::semantics && change.key == "not reusable") return fmt::format("allow_reuse is {} now", change.after.empty());
  switch (change.how) {
    case Change::How::content: return subject(change) + content_change(change, digests);
    case Change::How::mode: return subject(change) + (change.after == "executable" ? " became executable" : " is no longer executable");
    case Change::How::renamed: return renamed(change);
    case Change::How::value: break;
  }
  return subject(change) + value_change(change);
}

}  // namespace

std::string describe(const Change& change) { return describe(change, true); }

std::string summarise(const std::vector<Change>& changes) {
  if (changes.empty()) return {};
  const std::string first = describe(changes.front(), false);
  return changes.size() == 1 ? first : fmt::format("{}, and {} more", first, changes.size() - 1);
}

}  // namespace mlpipe
