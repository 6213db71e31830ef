#include "reuse/why.h"

#include <algorithm>
#include <map>
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

class Explanation {
 public:
  Explanation(const ListingSource& before, const ListingSource& after) : before_listing_(before), after_listing_(after) {}

  void add(const Ingredient* before, const Ingredient* after) {
    if (equal(before, after)) return;
    if (before && after && before->tree && after->tree && add_files(*before, *after)) return;
    const Ingredient& named = after ? *after : *before;
    const bool content = (!before || before->tree) && (!after || after->tree);
    changes.push_back({named.kind, named.key, "", shown(before), shown(after), content});
  }

  std::vector<Change> changes;

 private:
  static std::optional<Tree> fetch(const ListingSource& source, const Digest& digest) {
    const auto text = source(digest);
    auto tree = text ? tree_from_text(*text) : Result<Tree>(text.error());
    if (!tree || tree->digest != digest) return std::nullopt;
    return tree.take();
  }

  // False when the files cannot be told.
  bool add_files(const Ingredient& before, const Ingredient& after) {
    const auto old = fetch(before_listing_, *before.tree), now = fetch(after_listing_, *after.tree);
    if (!old || !now || old->is_file != now->is_file) return false;
    for (const TreeChange& change : compare(*old, *now)) {
      const std::string was = change.kind == TreeChange::Kind::added ? "" : change.before.short_hex();
      const std::string is = change.kind == TreeChange::Kind::removed ? "" : change.after.short_hex();
      changes.push_back({after.kind, after.key, change.path, was, is, true});
    }
    return true;
  }

  const ListingSource& before_listing_;
  const ListingSource& after_listing_;
};

}  // namespace

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
