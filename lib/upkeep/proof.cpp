#include "upkeep/proof.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/text.h"
#include "reuse/code_trees.h"
#include "reuse/ingredients.h"
#include "reuse/verify.h"
#include "store/records.h"
#include "store/run_places.h"
#include "system/event_loop.h"
#include "upkeep/contents.h"

namespace mlpipe {
namespace {

constexpr const char* runs_again = "the next run that wants it notices, and runs the step again";
constexpr const char* explanations = "only explanations of the past (why, diff) suffer";

class Prover {
 public:
  explicit Prover(const Store& store) : store_(store), contents_(store) {}

  Result<StoreProof> prove() {
    MLPIPE_TRY_VOID(contents_.refresh());
    for (const Item& item : contents_.items()) look_at(item);
    for (const auto& [fingerprint, result] : contents_.results()) MLPIPE_TRY_VOID(prove_result(fingerprint, result));
    for (const auto& [digest, fingerprint] : listings_) prove_listing(digest, fingerprint);
    return std::move(proof_);
  }

 private:
  void damage(std::string what, std::string hint) { proof_.damages.push_back({std::move(what), std::move(hint)}); }

  void look_at(const Item& item) {
    if (item.kind == Kind::leftover) look_at_leftover(item);
    if (item.kind == Kind::run) look_at_run(Path(item.name).filename());
    if (item.kind == Kind::text) ++proof_.texts;
    if (item.kind == Kind::code && !item.name.starts_with("code/checkouts/")) look_at_code(item.name);
  }

  void look_at_leftover(const Item& item) {
    if (!path_exists(store_.root() / item.name) || item.name.starts_with("index/")) return;  // an index is only an accelerator
    if (item.name.starts_with("results/") && item.name.find(".tmp-") == std::string::npos)
      return damage(fmt::format("{} cannot be read", item.name), runs_again);
    damage(fmt::format("{} was left by a process that is gone", item.name), "`mlpipe gc` removes it");
  }

  // One that is just beginning, or that was killed then and will be swept, has no header yet. A torn last line is a killed run's.
  void look_at_run(const std::string& id) {
    const auto text = read_file(store_.run_path(id) / record_name);
    if (path_exists(active_marker(store_.root(), id)) || !path_exists(store_.run_path(id))) return;
    ++proof_.runs;
    if (!text) return damage(fmt::format("runs/{}: {}", id, text.error().message), "`mlpipe show` cannot tell of it; results are not touched");
    RunInfo info;
    std::size_t number = 0;
    for (const std::string_view line : split(std::string_view(*text).substr(0, text->rfind('\n')), '\n')) {
      ++number;
      if (!decode_line(line, info)) damage(fmt::format("runs/{}/{}: line {} cannot be read", id, record_name, number), "`mlpipe show` leaves it out");
    }
    if (info.header.spec.empty()) damage(fmt::format("runs/{}: its header cannot be read", id), "`mlpipe show` cannot tell of it");
  }

  void look_at_code(const std::string& name) {
    if (!code_trees::is_whole(store_, name) && path_exists(store_.root() / name))
      damage(fmt::format("{} does not hold what it is named by", name), "delete it: the next run of that code keeps it anew");
  }

  // What failed once is looked at again: a run may just have replaced it.
  Status prove_result(const Digest& fingerprint, const StepResult& result) {
    if (stop_pending()) return stopped_error();
    ++proof_.results;
    auto verified = verify_once(result);
    if (!verified && by_signal(verified.error().kind)) return verified;
    if (!verified) {
      const auto now = store_.find(fingerprint);
      if (now) verified = verify_once(*now);
      if (now && !verified) damage(fmt::format("{} ({}): {}", name_of_result(fingerprint), result.step, verified.error().message), runs_again);
      if (!now) return {};
    }
    prove_manifest(fingerprint, result.step);
    return {};
  }

  // Objects that several results share are read once.
  Status verify_once(const StepResult& result) {
    for (const StoredOutput& output : result.outputs) {
      const std::pair<Path, Digest> object{store_.object_path(output), output.tree};
      if (proved_.count(object)) continue;
      StepResult alone = result;
      alone.outputs = {output};
      MLPIPE_TRY(const auto trees, verify(store_, alone, nullptr));
      proved_.insert(object);
      ++proof_.objects;
      proof_.bytes += trees.front().bytes;
    }
    return {};
  }

  void prove_manifest(const Digest& fingerprint, const std::string& step) {
    const auto manifest = read_manifest(store_, fingerprint);
    if (!manifest) return damage(fmt::format("the manifest of {} ({}) cannot be read", name_of_result(fingerprint), step), explanations);
    for (const Ingredient& ingredient : manifest->ingredients())
      if (ingredient.tree) listings_.emplace(*ingredient.tree, fingerprint);
  }

  void prove_listing(const Digest& digest, const Digest& fingerprint) {
    const auto text = store_.get_text(digest);
    const auto tree = text ? tree_from_text(*text) : Result<Tree>(text.error());
    if (tree && tree->digest == digest) return;
    const std::string what = text ? "is damaged" : "is missing";
    damage(fmt::format("{}, which the manifest of {} names, {}", name_of_text(digest), name_of_result(fingerprint), what), explanations);
  }

  const Store& store_;
  Contents contents_;
  std::set<std::pair<Path, Digest>> proved_;
  std::map<Digest, Digest> listings_;  // and a fingerprint whose manifest names it
  StoreProof proof_;
};

}  // namespace

Result<StoreProof> prove(const Store& store) {
  MLPIPE_TRY(const Lock still, store.in_use());
  return Prover(store).prove();
}

}  // namespace mlpipe
