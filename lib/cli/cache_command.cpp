#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "cli/chosen_run.h"
#include "cli/command.h"
#include "cli/streams.h"
#include "cli/table.h"
#include "report/json.h"
#include "system/host.h"
#include "upkeep/exchange.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  std::optional<std::string> action, file, run, step;
  bool all = false, json = false;
};

std::string as_text(const CacheStatistics& statistics) {
  std::vector<std::vector<std::string>> rows{{"KIND", "COUNT", "SIZE"}};
  for (const auto& [kind, sum] : statistics.kinds) rows.push_back({std::string(name_of(kind)), std::to_string(sum.count), format_bytes(sum.bytes)});
  rows.push_back({"all", "", format_bytes(statistics.bytes)});
  std::vector<std::vector<std::string>> steps{{"PIPELINE", "STEP", "RESULTS", "SIZE"}};
  for (const StepShare& share : statistics.steps)
    steps.push_back({share.pipeline.empty() ? "-" : share.pipeline, share.step, std::to_string(share.results.count), format_bytes(share.results.bytes)});
  std::vector<std::vector<std::string>> counts{{plural(statistics.runs, "run") + ":", "reused", std::to_string(statistics.hits)}};
  counts.push_back({"", "ran", std::to_string(statistics.misses)});
  for (const auto& [cause, count] : statistics.causes) counts.push_back({"", fmt::format("  for {}", name_of(cause)), std::to_string(count)});
  return table(rows) + "\n" + table(steps) + "\n" + table(counts);
}

Result<int> stats(const Arguments& arguments) {
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const CacheStatistics statistics, cache_statistics(store));
  MLPIPE_TRY_VOID(print(arguments.json ? to_json(statistics) + "\n" : as_text(statistics)));
  return 0;
}

Result<std::vector<Digest>> chosen_results(const Arguments& arguments, const Store& store) {
  if (arguments.all) return all_results(store);
  MLPIPE_TRY(const auto spec, arguments.place.spec_if_any());
  MLPIPE_TRY(const RunInfo run, choose_run(store, spec, arguments.run));
  if (arguments.step) MLPIPE_TRY_VOID(step_of(store, run, *arguments.step));
  std::vector<Digest> fingerprints;
  for (const StepRecord& step : run.steps)
    if (step.fingerprint && (step.state == StepState::ran || step.state == StepState::reused) && (!arguments.step || step.step == *arguments.step))
      fingerprints.push_back(*step.fingerprint);
  return fingerprints;
}

void tell_all(const Exchanged& exchanged) {
  for (const std::string& notice : exchanged.notices) tell(notice);
}

Result<Exchanged> export_to(int fd, const Path& shown, const Store& store, const std::vector<Digest>& results) {
  MLPIPE_TRY(ArchiveWriter archive, ArchiveWriter::open(fd, shown));
  return export_results(store, results, std::move(archive));
}

// Written aside: a file with that name is a whole archive. A pipe or a device gets it as it comes.
Result<Exchanged> export_to_file(const Path& file, const Store& store, const std::vector<Digest>& results) {
  if (path_exists(file) && !is_file(file)) {
    MLPIPE_TRY(const Fd fd, open_file(file, O_WRONLY));
    return export_to(fd.get(), file, store, results);
  }
  const Path aside = fmt::format("{}.tmp-{}", file.string(), process_mark());
  MLPIPE_TRY(const Fd fd, open_file(aside, O_WRONLY | O_CREAT | O_TRUNC));
  auto exported = export_to(fd.get(), file, store, results);
  if (exported && ::fsync(fd.get()) != 0) exported = errno_error("write", file);
  const Status renamed = exported ? rename_path(aside, file) : Status();
  if (!exported || !renamed) (void)remove_tree(aside);
  if (!renamed) return renamed.error();
  return exported;
}

Result<int> export_cache(const Arguments& arguments) {
  const bool to_stdout = *arguments.file == "-";
  if (to_stdout && is_terminal(1)) return Error{ErrorKind::usage, "an archive is nothing for a terminal", "name a file, or pipe it on"};
  if (to_stdout && arguments.json) return Error{ErrorKind::usage, "--json and the archive would both go to stdout", "name a file"};
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::read));
  MLPIPE_TRY(const auto results, chosen_results(arguments, store));
  MLPIPE_TRY(const Exchanged exported, to_stdout ? export_to(1, "standard output", store, results) : export_to_file(*arguments.file, store, results));
  tell_all(exported);
  if (arguments.json) MLPIPE_TRY_VOID(print(to_json(exported) + "\n"));
  else tell(fmt::format("exported {}, outputs of {}", plural(exported.results, "result"), format_bytes(exported.bytes)));
  return 0;
}

Result<int> import_cache(const Arguments& arguments) {
  const bool from_stdin = *arguments.file == "-";
  if (from_stdin && is_terminal(0)) return Error{ErrorKind::usage, "an archive cannot be typed", "name a file, or pipe one in"};
  Fd file;
  if (!from_stdin) {
    MLPIPE_TRY(file, open_file(*arguments.file, O_RDONLY));
  }
  MLPIPE_TRY(const Store store, arguments.place.open_store(Store::Access::write));
  MLPIPE_TRY(ArchiveReader archive, ArchiveReader::open(from_stdin ? 0 : file.get(), from_stdin ? Path("standard input") : Path(*arguments.file)));
  MLPIPE_TRY(const Imported imported, import_results(store, std::move(archive)));
  tell_all(imported.exchanged);
  if (arguments.json) MLPIPE_TRY_VOID(print(to_json(imported.exchanged) + "\n"));
  else tell(fmt::format("imported {}, {} new; outputs of {}", plural(imported.exchanged.results, "result"), imported.exchanged.added, format_bytes(imported.exchanged.bytes)));
  if (!imported.status) return imported.status.error();
  return 0;
}

Result<int> cache(const Arguments& arguments) {
  const std::string& action = *arguments.action;
  if (action != "stats" && action != "export" && action != "import")
    return Error{ErrorKind::usage, fmt::format("`{}` is nothing that can be done with a cache", action), suggestion(action, {"stats", "export", "import"})};
  const bool chosen = arguments.all || arguments.run || arguments.step;
  if (chosen && action != "export") return Error{ErrorKind::usage, fmt::format("--run, --step and --all are for export, not for {}", action), ""};
  if (arguments.all && (arguments.run || arguments.step)) return Error{ErrorKind::usage, "--all leaves nothing for --run and --step to choose", "give one of them"};
  if ((action == "stats") == arguments.file.has_value())
    return Error{ErrorKind::usage, action == "stats" ? "stats takes no file" : fmt::format("{} needs a file", action), "- is standard input or output"};
  return action == "stats" ? stats(arguments) : action == "export" ? export_cache(arguments) : import_cache(arguments);
}

}  // namespace

Command cache_command() {
  return {"cache", "what the store holds and how often it saved work; results to and from other machines", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("ACTION", arguments->action, "stats, export or import", true);
            options.positional("FILE", arguments->file, "the archive, for export and import; -: standard output or input");
            arguments->place.declare(options);
            declare_run(options, arguments->run);
            options.value("--step", arguments->step, "STEP", "export only this step's result");
            options.flag("--all", arguments->all, "export all results of the store");
            options.flag("--json", arguments->json, "JSON on stdout");
            return [arguments] { return cache(*arguments); };
          }};
}

}  // namespace mlpipe::cli
