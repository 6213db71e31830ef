#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/machine.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "cli/table.h"
#include "upkeep/proof.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::optional<std::string> store;
  bool json = false;
};

Fact store_fact(const Place& place) {
  const auto root = place.store_root();
  if (root) return look_at_store(*root);
  return {"store", "beside the spec: there is none here", "", true};
}

std::string as_text(const std::vector<Fact>& facts) {
  std::vector<std::vector<std::string>> rows;
  for (const Fact& fact : facts) {
    rows.push_back({fact.ok ? "ok" : "missing", fact.name, fact.value});
    if (!fact.hint.empty()) rows.push_back({"", "", "hint: " + fact.hint});
  }
  return table(rows);
}

std::string as_text(const Path& root, const StoreProof& proof) {
  std::string text = fmt::format("store  {}\n", shown_path(root));
  for (const Damage& damage : proof.damages) text += fmt::format("damage: {}\n  hint: {}\n", damage.what, damage.hint);
  text += fmt::format("looked at: {}, {} ({} read), {}, {}\n", plural(proof.results, "result"), plural(proof.objects, "output"), format_bytes(proof.bytes),
                      plural(proof.texts, "text"), plural(proof.runs, "run"));
  return text + (proof.damages.empty() ? "the store is whole\n" : fmt::format("found: {}\n", plural(proof.damages.size(), "damage")));
}

Result<int> prove_store(const Arguments& arguments) {
  Place place = arguments.place;
  if (!arguments.store->empty()) place.store_option = arguments.store;
  MLPIPE_TRY(const Path root, place.store_root());
  if (!path_exists(root)) return Error{ErrorKind::store, fmt::format("there is no store at {}", shown_path(root)), "`mlpipe run` makes one"};
  MLPIPE_TRY(const Store store, Store::open(root, Store::Access::read));
  MLPIPE_TRY(const StoreProof proof, prove(store));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(proof) + "\n" : as_text(root, proof)));
  return proof.damages.empty() ? 0 : exit_code(ErrorKind::store);
}

Result<int> doctor(const Arguments& arguments) {
  if (arguments.store) return prove_store(arguments);
  std::vector<Fact> facts{look_at_mlpipe(), look_at_cores(), look_at_memory()};
  for (Fact& fact : look_at_python()) facts.push_back(std::move(fact));
  facts.push_back(look_at_scoring_module());
  facts.push_back(look_at_parquet_module());
  facts.push_back(look_at_file_system());
  facts.push_back(store_fact(arguments.place));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(facts) + "\n" : as_text(facts)));
  return 0;
}

}  // namespace

Command doctor_command() {
  return {"doctor", "what this machine offers, and how to get what is missing; whether a store is whole", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare_file(options);
            options.optional_value("--store", arguments->store, "DIR", "prove that a store is whole instead: every output is read (default: the one of the spec)");
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return doctor(*arguments); };
          }};
}

}  // namespace mlpipe::cli
