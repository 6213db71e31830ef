#include "run/verdict.h"

#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "batch/record/tally.h"
#include "run/gates.h"

namespace mlpipe {
namespace {

// The thresholds of now against what the earlier run counted; empty: all are kept.
std::string exceeded(const Step& step, const StepResult& result) {
  if (!step.parallel()) return {};
  const auto error = Tally(step.parallel()->config, result.counts).verdict();
  return error ? fmt::format("its earlier result would not do: {}", error->message) : "";
}

std::map<std::string, std::string> packages_of(const std::string& list) {
  std::map<std::string, std::string> packages;
  for (const std::string_view line : split(list, '\n')) {
    const auto blank = line.find(' ');
    if (blank != std::string_view::npos) packages.emplace(line.substr(0, blank), line.substr(blank + 1));
  }
  return packages;
}

std::string package_difference(const std::string& before, const std::string& after) {
  const auto old_packages = packages_of(before), new_packages = packages_of(after);
  std::vector<std::string> changes;
  for (const auto& [name, version] : new_packages) {
    const auto old = old_packages.find(name);
    if (old == old_packages.end()) changes.push_back(fmt::format("{} {} is new", name, version));
    else if (old->second != version) changes.push_back(fmt::format("{} {} -> {}", name, old->second, version));
  }
  for (const auto& [name, version] : old_packages)
    if (!new_packages.count(name)) changes.push_back(fmt::format("{} {} is gone", name, version));
  const std::size_t total = changes.size();
  if (total > 3) changes.resize(3);
  return fmt::format("installed packages that nothing declares differ ({}{})", join(changes, ", "), total > 3 ? fmt::format(" and {} more", total - 3) : "");
}

std::vector<std::string> differences(const Step& step, const StepDescription& now, const StepResult& then) {
  std::vector<std::string> warnings;
  for (const auto& [key, value] : now.unfingerprinted) {
    const auto old = then.unfingerprinted.find(key);
    if (old == then.unfingerprinted.end() || old->second == value) continue;
    const std::string what = key == "installed packages" ? package_difference(old->second, value) : fmt::format("{} {} -> {}", key, old->second, value);
    warnings.push_back(fmt::format("{}: not a reason to run; --force-step {} runs it anyway", what, step.name));
  }
  return warnings;
}

// The class of the first change: that is the one the reason names.
MissCause cause_of(const std::vector<Change>& changes) {
  if (changes.empty()) return MissCause::unknown;
  switch (changes.front().kind) {
    case IngredientKind::code: return MissCause::code;
    case IngredientKind::parameter: return MissCause::parameter;
    case IngredientKind::argument: return MissCause::argument;
    case IngredientKind::input:
    case IngredientKind::side_input: return MissCause::input;
    case IngredientKind::environment:
    case IngredientKind::variable: return MissCause::environment;
    default: return MissCause::setting;
  }
}

// Nothing changed since the last time, and still there is no result.
void explain_loss(StepState last, Verdict& verdict) {
  const bool failed = last == StepState::failed, stopped = last == StepState::stopped;
  verdict.reason = failed ? "its last run failed" : stopped ? "its last run was stopped" : "its result is no longer in the store";
  verdict.cause = failed || stopped ? MissCause::failed_before : MissCause::collected;
}

// Why there is no result for this fingerprint: what differs from the last time.
void explain_miss(const Pipeline& pipeline, const Store& store, const Step& step, const StepDescription& description, Verdict& verdict) {
  const auto last = last_step(store, pipeline.file, step.name);
  if (!last) {
    verdict.reason = "no earlier result";
    verdict.cause = MissCause::first_time;
    return;
  }
  if (last->fingerprint == description.fingerprint) return explain_loss(last->state, verdict);
  const auto before = read_manifest(store, last->fingerprint);
  if (!before) {
    verdict.reason = "something changed (the record of its last run cannot be read)";
    return;
  }
  verdict.changes = changes_since(store, *before, description);
  verdict.reason = summarise(verdict.changes);
  verdict.cause = cause_of(verdict.changes);
}

}  // namespace

std::vector<Change> changes_since(const Store& store, const Manifest& before, const StepDescription& now) {
  const auto from_store = [&](const Digest& digest) { return store.get_text(digest); };
  const auto from_memory = [&](const Digest& digest) -> Result<std::string> {
    const auto& trees = now.manifest.trees();
    const auto found = trees.find(digest);
    return found != trees.end() ? Result<std::string>(to_text(found->second)) : store.get_text(digest);
  };
  return explain(before, now.manifest, from_store, from_memory);
}

Result<Verdict> judge(const Pipeline& pipeline, const Store& store, const Step& step, const StepDescription& description, bool forced,
                      const std::optional<StepResult>& found, Describer& describer, const Store* other) {
  Verdict verdict;
  if (forced) {
    verdict.reason = "forced";
    verdict.cause = MissCause::forced;
    return verdict;
  }
  if (!step.allow_reuse) {
    verdict.reason = "allow_reuse is false";
    verdict.cause = MissCause::not_reusable;
    return verdict;
  }
  if (!found) {
    explain_miss(pipeline, store, step, description, verdict);
    return verdict;
  }
  if (verdict.reason = exceeded(step, *found); !verdict.reason.empty()) {
    verdict.cause = MissCause::threshold;
    return verdict;
  }
  auto outputs = describer.outputs_of(step, *found, other);
  if (!outputs && by_signal(outputs.error().kind)) return outputs.error();
  if (!outputs) {
    verdict.damaged = true;
    verdict.cause = MissCause::damaged;
    verdict.reason = outputs.error().message;
    return verdict;
  }
  verdict.reason = "nothing it depends on changed";
  verdict.result = found;
  verdict.missed = missed_gates(step, *found);
  if (verdict.missed) return verdict;
  verdict.reuse = true;
  verdict.outputs = outputs.take();
  verdict.warnings = differences(step, description, *found);
  return verdict;
}

std::string taken_from(const std::string& reason, const Path& store) { return fmt::format("{}; taken from {}", reason, shown_path(store)); }

}  // namespace mlpipe
