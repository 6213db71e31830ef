// The differences between two manifests, as people ask for them: which file, argument, parameter, package, input; old and new.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reuse/ingredients.h"

namespace mlpipe {

struct Change {
  // What before and after are: values, short digests of content, "plain" and "executable", paths of equal content.
  enum class How { value, content, mode, renamed };

  IngredientKind kind{};
  std::string key;     // name of the input, parameter, ...
  std::string path;    // the file, when one file of a tree changed: where it is now, if it still is
  std::string before;  // an empty value is ""; empty: it was not there
  std::string after;   // empty: it is gone
  How how = How::value;
};
std::string_view name_of(Change::How how);  // "value", "content", "mode", "renamed"

// Fetches the listing of a tree by its digest (Store::get_text). A failing fetch gives one Change for the whole tree.
using ListingSource = std::function<Result<std::string>(const Digest&)>;

// In the order of a reader's interest: mlpipe's own semantics, action, code, parameters (before the arguments that hold
// them), arguments, settings, sample, outputs, environment, variables, inputs.
std::vector<Change> explain(const Manifest& before, const Manifest& after, const ListingSource& before_listing,
                            const ListingSource& after_listing);

// "code file train.py changed (1a2b3c4d5e6f -> 66778899aabb)", "parameter epochs: 20 -> 30". One line; of long values the part
// around the first difference.
std::string describe(const Change& change);
// The first change, and how many more: "code file train.py changed, and 3 more". Empty without changes.
std::string summarise(const std::vector<Change>& changes);

}  // namespace mlpipe
