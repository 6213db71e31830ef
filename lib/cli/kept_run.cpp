#include "cli/kept_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "reuse/code_trees.h"
#include "reuse/ingredients.h"
#include "spec/spec.h"

namespace mlpipe::cli {
namespace {

Error not_kept(const std::string& step, const std::string& run) {
  return {ErrorKind::store, fmt::format("the code that step {} ran in run {} is not kept", step, run),
          "runs of an older mlpipe kept no code: `mlpipe run --force` makes one that does"};
}

// What a run did not look at, the run that it ran again may have.
std::optional<Digest> fingerprint_of(const Store& store, const RunInfo& run, const std::string& step) {
  const StepRecord* record = run.step(step);
  if (record && record->fingerprint) return record->fingerprint;
  if (run.header.rerun_of.empty() || run.header.rerun_of >= run.header.id) return std::nullopt;
  const auto original = read_run(store, run.header.rerun_of);
  return original ? fingerprint_of(store, *original, step) : std::nullopt;
}

}  // namespace

Result<std::optional<Digest>> code_of(const Store& store, const Digest& fingerprint) {
  MLPIPE_TRY(const Manifest manifest, read_manifest(store, fingerprint));
  for (const Ingredient& ingredient : manifest.ingredients())
    if (ingredient.kind == IngredientKind::code && ingredient.key.empty()) return ingredient.tree;
  return std::optional<Digest>();
}

Result<KeptRun> kept_run(const Store& store, const RunInfo& run) {
  KeptRun kept;
  MLPIPE_TRY(kept.spec, kept_spec(store, run.header.id));
  for (const auto& [step, place] : kept.spec.sources) {
    const auto fingerprint = fingerprint_of(store, run, step);
    if (!fingerprint) {
      kept.unseen.push_back(step);
      continue;
    }
    const auto code = code_of(store, *fingerprint);
    if (!code || !*code || !code_trees::is_kept(store, **code)) return not_kept(step, run.header.id);
    kept.code.emplace(step, **code);
  }
  return kept;
}

std::optional<Pipeline> kept_pipeline(const Store& store, const RunInfo& run) {
  auto spec = kept_spec(store, run.header.id);
  if (!spec) return std::nullopt;
  const KeptRun kept{spec.take(), {}, {}};
  spec::Overrides overrides = changes_of(kept).overrides();
  for (const auto& [path, text] : kept.spec.files) overrides.snapshot.texts.emplace(path.string(), text);
  spec::Loaded loaded = spec::load(kept.spec.spec, overrides);
  const bool whole = loaded.pipeline && std::ranges::all_of(run.steps, [&](const StepRecord& record) { return loaded.pipeline->step(record.step); });
  return whole ? std::move(loaded.pipeline) : std::nullopt;
}

Result<spec::Snapshot> snapshot_of(const Store& store, const KeptRun& kept) {
  spec::Snapshot snapshot;
  for (const auto& [path, text] : kept.spec.files) snapshot.texts.emplace(path.string(), text);
  DigestIndex index(store.index_path());
  for (const auto& [step, tree] : kept.code) {
    MLPIPE_TRY(Path folder, code_trees::checkout(store, tree, index));
    snapshot.sources.emplace(step, std::move(folder));
  }
  return snapshot;
}

std::optional<long long> sample_of(const RunInfo& run) {
  constexpr std::string_view option = "--sample ";
  for (const std::string& chosen : run.header.selection)
    if (chosen.starts_with(option)) return parse_integer(std::string_view(chosen).substr(option.size()));
  return std::nullopt;
}

Changes changes_of(const KeptRun& kept, const Changes& more) {
  Changes changes;
  for (const std::string& override : kept.spec.overrides) changes.add(override);
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(changes.parameters, more.parameters);
  append(changes.sets, more.sets);
  append(changes.inputs, more.inputs);
  append(changes.uses, more.uses);
  if (more.config) changes.config = more.config;
  changes.allow_download |= more.allow_download;
  return changes;
}

}  // namespace mlpipe::cli
