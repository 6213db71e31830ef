#include <fmt/format.h>

#include "base/units.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/report_facts.h"
#include "cli/streams.h"
#include "report/html/report_page.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::optional<std::string> run, output;
};

Result<int> report(const Arguments& arguments) {
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const RunInfo run, choose_run(store, spec, arguments.run));
  const std::string page = html::to_html(report_facts(store, run));
  if (arguments.output == "-") {
    MLPIPE_TRY_VOID(print(page));
    return 0;
  }
  const Path file = absolute_path(arguments.output.value_or(fmt::format("report-{}.html", run.header.id)));
  MLPIPE_TRY_VOID(write_file(file, page));
  tell(fmt::format("the report of run {} ({}): open it in a browser", run.header.id, format_bytes(page.size())));
  MLPIPE_TRY_VOID(print(shown_path(file) + "\n"));
  return 0;
}

}  // namespace

Command report_command() {
  return {"report", "one run as a web page: graph, times, logs, metrics, mini-batches, what changed", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("RUN", arguments->run, "a run's id or the beginning of it (default: latest)");
            options.value("-o,--output", arguments->output, "FILE", "where to write it (default: report-RUN.html here; -: stdout)");
            arguments->place.declare(options);
            return [arguments] { return report(*arguments); };
          }};
}

}  // namespace mlpipe::cli
