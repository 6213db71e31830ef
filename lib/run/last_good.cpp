#include "run/last_good.h"

namespace mlpipe {

std::optional<StepResult> last_good_result(const Store& store, const Path& spec, const std::string& step, bool samples) {
  const auto ids = list_runs(store);
  if (!ids) return std::nullopt;
  for (const std::string& id : *ids) {
    const auto run = read_run(store, id);
    if (!run || run->header.spec != spec) continue;
    const StepRecord* record = run->step(step);
    if (!record || !record->fingerprint || (record->state != StepState::ran && record->state != StepState::reused)) continue;
    auto result = store.find(*record->fingerprint);
    if (result && (samples || !result->sample)) return result;
  }
  return std::nullopt;
}

}  // namespace mlpipe
