#include "upkeep/statistics.h"

#include <algorithm>

namespace mlpipe {
namespace {

// Stopped before it began, it tells nothing about reuse.
bool is_miss(const StepRecord& step) { return step.state == StepState::ran || (step.state == StepState::failed && step.fingerprint); }

void count_runs(const Contents& contents, CacheStatistics& statistics) {
  statistics.runs = contents.runs().size();
  for (const RunInfo& run : contents.runs())
    for (const StepRecord& step : run.steps) {
      if (step.state == StepState::reused) ++statistics.hits;
      if (!is_miss(step)) continue;
      ++statistics.misses;
      ++statistics.causes[step.cause];
    }
}

std::map<Digest, std::string> pipelines(const Contents& contents) {
  std::map<Digest, std::string> names;
  for (const RunInfo& run : contents.runs())
    for (const StepRecord& step : run.steps)
      if (step.fingerprint) names.emplace(*step.fingerprint, run.header.pipeline);
  return names;
}

std::vector<StepShare> shares(const Contents& contents, const std::map<std::string, std::uint64_t>& sizes) {
  const auto names = pipelines(contents);
  std::map<std::pair<std::string, std::string>, Sum> sums;
  for (const auto& [fingerprint, result] : contents.results()) {
    const auto pipeline = names.find(fingerprint);
    Sum& sum = sums[{pipeline == names.end() ? "" : pipeline->second, result.step}];
    ++sum.count;
    for (const StoredOutput& output : result.outputs)
      if (const auto size = sizes.find(contents.named_by(output).front()); size != sizes.end()) sum.bytes += size->second;
  }
  std::vector<StepShare> steps;
  for (const auto& [name, sum] : sums) steps.push_back({name.first, name.second, sum});
  std::stable_sort(steps.begin(), steps.end(), [](const StepShare& a, const StepShare& b) { return a.results.bytes > b.results.bytes; });
  return steps;
}

}  // namespace

Result<CacheStatistics> cache_statistics(const Store& store) {
  Contents contents(store);
  MLPIPE_TRY_VOID(contents.refresh());
  CacheStatistics statistics;
  std::map<std::string, std::uint64_t> sizes;
  for (const Item& item : contents.items()) {
    Sum& sum = statistics.kinds[item.kind];
    ++sum.count;
    sum.bytes += item.bytes;
    statistics.bytes += item.bytes;
    sizes.emplace(item.name, item.bytes);
  }
  count_runs(contents, statistics);
  statistics.steps = shares(contents, sizes);
  return statistics;
}

}  // namespace mlpipe
