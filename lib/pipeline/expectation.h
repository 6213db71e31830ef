// Gates: what the result of a step must be for the run to go on. `expect:` of the native dialect.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

namespace mlpipe {

struct Limit {
  enum class Comparison { equal, unequal, at_least, at_most, above, below };
  Comparison comparison = Comparison::equal;
  double value = 0;

  bool holds(double found) const;  // of what is no number: never
};

// "360", "== 360", ">= 0.97", "!= 0"; blanks do not matter. Nothing: it says something else.
std::optional<Limit> parse_limit(std::string_view text);

struct Expectation {
  enum class Of { rows, failed_items, metric };  // the first two are counted in parallel steps alone
  Of of = Of::rows;
  std::string metric;   // its name
  Limit limit;
  std::string written;  // ">= 0.97"
  Location where;
};

// By how much it is missed: "358 rows, expected 360 (2 too few)"; empty: it is met. `found`: nothing when that was never tracked.
std::string shortfall(const Expectation& expectation, std::optional<double> found);

}  // namespace mlpipe
