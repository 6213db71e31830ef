#include "reuse/why.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace mlpipe {
namespace {

int rank(IngredientKind kind) {
  using enum IngredientKind;
  constexpr IngredientKind order[] = {semantics, action, code,        parameter, argument, setting,
                                      sample,    output, environment, variable,  input,    side_input};
  return static_cast<int>(std::find(std::begin(order), std::end(order), kind) - std::begin(order));
}

// Ingredients of one kind and key are told apart by their order.
using Place = std::pair<std::pair<IngredientKind, std::string>, int>;

std::map<Place, const Ingredient*> by_place(const Manifest& manifest) {
  std::map<std::pair<IngredientKind, std::string>, int> seen;
  std::map<Place, const Ingredient*> places;
  for (const Ingredient& ingredient : manifest.ingredients()) {
    const auto name = std::pair(ingredient.kind, ingredient.key);
    places.emplace(Place(name, seen[name]++), &ingredient);
  }
  return places;
}

std::string shown(const Ingredient* ingredient) {
  if (!ingredient) return {};
  if (ingredient->tree) return ingredient->tree->short_hex();
  return ingredient->value.empty() ? "\"\"" : ingredient->value;
}

bool equal(const Ingredient* before, const Ingredient* after) {
  return before && after && before->tree == after->tree && before->value == after->value;
}

bool starts_line(std::string_view text, std::size_t at) { return at == 0 || text[at - 1] == '\n'; }

// Takes off the lines that both begin with, and those that both end with: of large listings usually nearly all.
void leave_differences(std::string_view& a, std::string_view& b) {
  auto same = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  while (!starts_line(a, same)) --same;
  a.remove_prefix(same);
  b.remove_prefix(same);
  same = static_cast<std::size_t>(std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first - a.rbegin());
  while (same > 0 && !(starts_line(a, a.size() - same) && starts_line(b, b.size() - same))) --same;
  a.remove_suffix(same);
  b.remove_suffix(same);
}

// The differences of two trees as Changes of one ingredient.
class FileChanges {
 public:
  FileChanges(const Ingredient& named, const Tree& old, const Tree& now) : named_(named), old_(old), now_(now), changes_(compare(old, now)) {
    for (const TreeChange& change : changes_)
      if (change.kind == TreeChange::Kind::removed && has_content(*entry_at(old, change.path))) gone_.emplace(change.before, change.path);
  }

  void add_to(std::vector<Change>& to) {
    using enum TreeChange::Kind;
    // Those that came first: each takes a file that went with it.
    std::map<std::string, std::string> renamed;
    for (const TreeChange& change : changes_)
      if (const auto from = change.kind == added ? gone_.find(change.after) : gone_.end(); from != gone_.end())
        renamed.emplace(change.path, gone_.extract(from).mapped());
    std::set<std::string> moved;
    for (const auto& [path, from] : renamed) moved.insert(from);
    for (const TreeChange& change : changes_) {
      const auto from = renamed.find(change.path);
      if (change.kind == changed) add_changed(change.path, to);
      else if (change.kind == removed && !moved.contains(change.path)) add(change.path, change.before.short_hex(), "", Change::How::content, to);
      else if (change.kind == added && from == renamed.end()) add(change.path, "", change.after.short_hex(), Change::How::content, to);
      else if (change.kind == added) add(change.path, from->second, change.path, Change::How::renamed, to);
    }
  }

 private:
  // Empty files and folders are all alike: nobody can tell which became which.
  static bool has_content(const TreeEntry& entry) { return entry.size > 0; }

  void add_changed(const std::string& path, std::vector<Change>& to) const {
    const TreeEntry &was = *entry_at(old_, path), &is = *entry_at(now_, path);
    const auto mode = [](const TreeEntry& entry) { return entry.executable ? "executable" : "plain"; };
    if (was.digest != is.digest) add(path, was.digest.short_hex(), is.digest.short_hex(), Change::How::content, to);
    if (was.executable != is.executable) add(path, mode(was), mode(is), Change::How::mode, to);
  }

  void add(const std::string& path, std::string before, std::string after, Change::How how, std::vector<Change>& to) const {
    to.push_back({named_.kind, named_.key, path, std::move(before), std::move(after), how});
  }

  const Ingredient& named_;
  const Tree &old_, &now_;
  std::vector<TreeChange> changes_;
  std::multimap<Digest, std::string> gone_;
};

class Explanation {
 public:
  Explanation(const ListingSource& before, const ListingSource& after) : before_listing_(before), after_listing_(after) {}

  void add(const Ingredient* before, const Ingredient* after) {
    if (equal(before, after)) return;
    if (before && after && before->tree && after->tree && add_files(*before, *after)) return;
    const Ingredient& named = after ? *after : *before;
    const bool content = (!before || before->tree) && (!after || after->tree);
    changes.push_back({named.kind, named.key, "", shown(before), shown(after), content ? Change::How::content : Change::How::value});
  }

  std::vector<Change> changes;

 private:
  // False when the files cannot be told. Listings are not held against their digests, which would cost more than all the rest: a damaged
  // one spoils an explanation, never a decision.
  bool add_files(const Ingredient& before, const Ingredient& after) {
    const auto old_text = before_listing_(*before.tree), new_text = after_listing_(*after.tree);
    if (!old_text || !new_text || *old_text == *new_text) return false;
    std::string_view old_lines = *old_text, new_lines = *new_text;
    leave_differences(old_lines, new_lines);
    const auto old = tree_from_text(old_lines), now = tree_from_text(new_lines);
    if (!old || !now) return false;
    const auto type = [](const Tree& tree) { return tree.is_file ? "a file" : "a folder"; };
    if (old->is_file != now->is_file) changes.push_back({after.kind, after.key, "", type(*old), type(*now), Change::How::value});
    else FileChanges(after, *old, *now).add_to(changes);
    return true;
  }

  const ListingSource& before_listing_;
  const ListingSource& after_listing_;
};

}  // namespace

std::string_view name_of(Change::How how) {
  constexpr std::string_view names[] = {"value", "content", "mode", "renamed"};
  return names[static_cast<int>(how)];
}

std::vector<Change> explain(const Manifest& before, const Manifest& after, const ListingSource& before_listing,
                            const ListingSource& after_listing) {
  Explanation explanation(before_listing, after_listing);
  const auto old = by_place(before), now = by_place(after);
  const auto at = [](const auto& places, const Place& place) {
    const auto found = places.find(place);
    return found == places.end() ? nullptr : found->second;
  };
  for (const auto& [place, ingredient] : now) explanation.add(at(old, place), ingredient);
  for (const auto& [place, ingredient] : old)
    if (!now.count(place)) explanation.add(ingredient, nullptr);
  const auto by_rank = [](const Change& a, const Change& b) { return rank(a.kind) < rank(b.kind); };
  std::stable_sort(explanation.changes.begin(), explanation.changes.end(), by_rank);
  return std::move(explanation.changes);
}

}  // namespace mlpipe
