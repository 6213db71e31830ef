// The differences between two manifests, as people ask for them: which file, argument, parameter, package, input; old and new.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reuse/ingredients.h"

namespace mlpipe {

struct Change {
  IngredientKind kind{};
  std::string key;     // name of the input, parameter, ...
  std::string path;    // the file, when one file of a tree changed
  std::string before;  // value or short digest; empty: it was not there
  std::string after;   // empty: it is gone
};

// Fetches the listing of a tree by its digest (Store::get_text). A failing fetch gives one Change for the whole tree.
using ListingSource = std::function<Result<std::string>(const Digest&)>;

// In the order of a reader's interest: code, arguments, parameters, settings, environment, inputs.
std::vector<Change> explain(const Manifest& before, const Manifest& after, const ListingSource& before_listing,
                            const ListingSource& after_listing);

// "code file train.py changed (1a2b3c4d5e6f -> 66778899aabb)", "parameter epochs: 20 -> 30".
std::string describe(const Change& change);
// The first change, and how many more: "code file train.py changed, and 3 more".
std::string summarise(const std::vector<Change>& changes);

}  // namespace mlpipe
