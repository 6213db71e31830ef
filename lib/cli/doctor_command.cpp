#include <fmt/format.h>

#include "cli/command.h"
#include "cli/machine.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "cli/table.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
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

Result<int> doctor(const Arguments& arguments) {
  std::vector<Fact> facts{look_at_mlpipe(), look_at_cores(), look_at_memory()};
  for (Fact& fact : look_at_python()) facts.push_back(std::move(fact));
  facts.push_back(look_at_scoring_module());
  facts.push_back(store_fact(arguments.place));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(facts) + "\n" : as_text(facts)));
  return 0;
}

}  // namespace

Command doctor_command() {
  return {"doctor", "what this machine offers, and how to get what is missing", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare(options);
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return doctor(*arguments); };
          }};
}

}  // namespace mlpipe::cli
