// Removing what no kept run needs. Safe beside any number of runs and under kill -9: what goes is moved aside in one moment, in which
// no run claims or publishes, and removed afterwards; a gc that dies leaves a store that is whole and a folder that the next sweep
// removes.
//
// Kept are: the newest runs of each spec, young ones, those that live; everything that they name; and, while runs live, whatever was
// used since the oldest of them began. The rest goes; with a limit of size only the least recently used part of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "upkeep/contents.h"

namespace mlpipe {

struct GcPolicy {
  std::optional<std::uint64_t> max_size;  // bytes: remove only until the store has at most so many
  std::optional<Seconds> max_age;         // also keep runs that began less than this ago
  std::size_t keep_runs = 10;             // of each spec
};

struct Sum {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
};

struct GcPlan {
  std::vector<Item> removed;
  std::map<Kind, Sum> stays;
  std::size_t living = 0, kept = 0;  // runs; the living ones are among the kept
  std::uint64_t before = 0, after = 0;  // bytes of the store
  std::optional<std::uint64_t> max_size;

  bool too_large() const { return max_size && after > *max_size; }
  std::map<Kind, Sum> removed_by_kind() const;
};

// What collect would do now. Changes nothing.
Result<GcPlan> plan_gc(const Store& store, const GcPolicy& policy, const Clock& clock = Clock::real());
// Does it. Kind store: somebody works with the store (says who), or something cannot be moved; what was moved is gone then.
Result<GcPlan> collect(const Store& store, const GcPolicy& policy, const Clock& clock = Clock::real());

// "20GB", "500mb", "1048576". Nothing: malformed.
std::optional<std::uint64_t> parse_size(std::string_view text);
// "90s", "30m", "12h", "7d", "2w".
std::optional<Seconds> parse_age(std::string_view text);

}  // namespace mlpipe
