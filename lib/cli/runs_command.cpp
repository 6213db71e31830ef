#include <fmt/format.h>

#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/run_text.h"
#include "cli/streams.h"
#include "cli/table.h"
#include "report/json.h"
#include "report/wording.h"

namespace mlpipe::cli {
namespace {

constexpr long long shown_by_default = 20;

struct Arguments {
  Place place;
  std::optional<long long> limit;
  bool json = false;
};

std::string as_text(const std::vector<RunInfo>& runs) {
  std::vector<std::vector<std::string>> rows{{"RUN", "STARTED", "STATE", "TOOK", "PIPELINE", "STEPS"}};
  for (const RunInfo& run : runs)
    rows.push_back({run.header.id, shown_time(run.header.started), shown_state(run),
                    run.state == RunState::running ? "" : format_seconds(run.took), run.header.pipeline, count_states(run.steps)});
  return table(rows);
}

Result<int> list(const Arguments& arguments) {
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  const auto limit = static_cast<std::size_t>(arguments.limit.value_or(shown_by_default));
  MLPIPE_TRY(auto runs, read_runs(store, spec, limit == 0 ? 0 : limit + 1));
  const bool more = limit != 0 && runs.size() > limit;
  if (more) runs.pop_back();
  if (runs.empty() && !arguments.json) {
    tell(fmt::format("no runs in {}", shown_path(store.root())));
    return 0;
  }
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(runs) + "\n" : as_text(runs)));
  if (more && !arguments.json) tell("older runs are left out; -n 0 shows all");
  return 0;
}

}  // namespace

Command runs_command() {
  return {"runs", "the recorded runs, newest first", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare(options);
            options.number("-n,--limit", arguments->limit, 0, "N", fmt::format("at most N runs, 0: all (default: {})", shown_by_default));
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return list(*arguments); };
          }};
}

}  // namespace mlpipe::cli
