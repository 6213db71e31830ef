// `expect` of a step: its gates.
#include <fmt/format.h>

#include <cmath>

#include "spec/native/readers.h"

namespace mlpipe::spec {
namespace {

using Of = Expectation::Of;

constexpr const char* limit_hint = "a number, or a comparison in quotes such as \">= 0.97\"";

std::optional<Expectation> read_limit(const MapReader& map, const std::string& key, Of of) {
  const auto scalar = map.scalar(key);
  if (!scalar) return std::nullopt;
  const auto limit = parse_limit(scalar->text);
  if (!limit) {
    map.wrong_type(key, "a number or a comparison with one", *scalar, limit_hint);
    return std::nullopt;
  }
  return Expectation{of, of == Of::metric ? key : "", *limit, scalar->text, location(scalar->where)};
}

void read_count(const MapReader& map, const char* key, Of of, Step& step) {
  auto expectation = read_limit(map, key, of);
  if (!expectation) return;
  const double value = expectation->limit.value;
  if (value < 0 || std::floor(value) != value) return map.wrong_type(key, "a count, so a whole number from 0 on", *map.scalar(key));
  step.expect.push_back(std::move(*expectation));
}

void read_metrics(const MapReader& map, Step& step) {
  const Value* value = map.map("metrics");
  if (!value) return;
  if (value->node->kind != Node::Kind::map) return map.wrong_type("metrics", "a map of names", *value);
  std::vector<std::string> names;
  for (const Entry& entry : value->node->entries) names.push_back(entry.key);
  const MapReader metrics(map.context(), *value, map.owner(), names, MapReader::Values::with_parameters, "expect.metrics");
  for (const std::string& name : names)
    if (auto expectation = read_limit(metrics, name, Of::metric)) step.expect.push_back(std::move(*expectation));
}

}  // namespace

void read_expect(const MapReader& step_map, Step& step) {
  const Value* value = step_map.map("expect");
  if (!value) return;
  const MapReader map(step_map.context(), *value, step_map.owner(), {"rows", "failed_items", "metrics"}, MapReader::Values::with_parameters, "expect");
  if (!map.valid()) return;
  Context& context = map.context();
  context.azure_warning(step_map.where_of("expect"), fmt::format("Azure has no gates: it goes on behind {} whatever comes out", step_map.owner()),
                        "a step of its own that fails does there what `expect` does here");
  for (const auto& [key, of] : {std::pair("rows", Of::rows), std::pair("failed_items", Of::failed_items)}) {
    if (step_map.has("parallel_run_config")) read_count(map, key, of, step);
    else if (map.has(key))
      context.error(map.where_of(key), fmt::format("{} is counted in parallel steps alone", map.named(key)), "track a metric in the script, and expect that");
  }
  read_metrics(map, step);
}

}  // namespace mlpipe::spec
