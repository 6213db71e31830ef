#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "cli/table.h"
#include "report/json.h"
#include "upkeep/gc.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::optional<std::string> max_size, max_age;
  std::optional<long long> keep_runs;
  bool dry_run = false, json = false;
};

Result<GcPolicy> policy_of(const Arguments& arguments) {
  GcPolicy policy;
  if (arguments.max_size && !(policy.max_size = parse_size(*arguments.max_size)))
    return Error{ErrorKind::usage, fmt::format("--max-size {} is no size", *arguments.max_size), "for example 20GB, 500MB"};
  if (arguments.max_age && !(policy.max_age = parse_age(*arguments.max_age)))
    return Error{ErrorKind::usage, fmt::format("--max-age {} is no age", *arguments.max_age), "for example 12h, 30d, 8w"};
  if (arguments.keep_runs) policy.keep_runs = static_cast<std::size_t>(*arguments.keep_runs);
  return policy;
}

void add_rows(std::vector<std::vector<std::string>>& rows, const std::string& verb, const std::map<Kind, Sum>& sums) {
  for (const auto& [kind, sum] : sums)
    rows.push_back({verb, std::string(name_of(kind)), std::to_string(sum.count), format_bytes(sum.bytes)});
}

// Of what stays only what people know of: the rest serves that.
std::string why_it_stays(const GcPlan& plan, const GcPolicy& policy) {
  std::string text = fmt::format("kept: {}: the newest {} of each pipeline file", plural(plan.kept, "run"), policy.keep_runs);
  if (policy.max_age) text += ", young ones";
  if (plan.living > 0) text += fmt::format(", {} that still {}", plan.living, plan.living == 1 ? "runs" : "run");
  return text + "; and all that they need\n";
}

std::string as_text(const GcPlan& plan, const GcPolicy& policy, bool dry_run) {
  std::vector<std::vector<std::string>> rows;
  add_rows(rows, dry_run ? "would remove" : "removed", plan.removed_by_kind());
  add_rows(rows, dry_run ? "would stay" : "stays", plan.stays);
  std::string text = table(rows) + why_it_stays(plan, policy);
  if (plan.removed.empty()) text += "nothing to remove\n";
  return text + fmt::format("size: {} {} {}\n", format_bytes(plan.before), dry_run ? "would become" : "->", format_bytes(plan.after));
}

Result<int> gc(const Arguments& arguments) {
  MLPIPE_TRY(const GcPolicy policy, policy_of(arguments));
  MLPIPE_TRY(const Path root, arguments.place.store_root());
  const bool nothing = arguments.dry_run || !path_exists(root);
  MLPIPE_TRY(const Store store, Store::open(root, nothing ? Store::Access::read : Store::Access::write));
  MLPIPE_TRY(const GcPlan plan, nothing ? plan_gc(store, policy) : collect(store, policy));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(plan, arguments.dry_run) + "\n" : as_text(plan, policy, arguments.dry_run)));
  if (plan.too_large()) {
    tell(fmt::format("what is kept is larger than {}", format_bytes(*plan.max_size)));
    tell(policy.keep_runs > 1 ? "hint: --keep-runs N keeps fewer runs" : "hint: wait until no run lives, or allow more");
  }
  return 0;
}

}  // namespace

Command gc_command() {
  return {"gc", "remove what no kept run needs; nothing is ever removed unasked", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare(options);
            options.value("--max-size", arguments->max_size, "SIZE", "only the least recently used, until the store has at most this size (20GB)");
            options.value("--max-age", arguments->max_age, "AGE", "keep all runs that are younger (30d)");
            options.number("--keep-runs", arguments->keep_runs, 0, "N", fmt::format("keep the newest N runs of each pipeline file (default: {})", GcPolicy().keep_runs));
            options.flag("-n,--dry-run", arguments->dry_run, "only say what would be removed");
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return gc(*arguments); };
          }};
}

}  // namespace mlpipe::cli
