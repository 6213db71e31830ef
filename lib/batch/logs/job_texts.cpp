#include "batch/logs/job_texts.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr const char* readme = R"(The logs of a parallel job. Look at them in this order:

job_progress_overview.<time>.txt   how far it is; a new file each day
job_result.txt                     how it ended: verdict, counts, thresholds
job_error.txt                      when it failed: the root cause, and how often which process failed how
failed_items.jsonl                 items that could not be scored, each with its reason
sys/job_report/
  processed_mini-batches.csv       each try of a mini-batch: where, when, how long, how it ended
  process_summary.csv              sums of each worker, at the end
  node_summary.csv                 sums of all
user/
  error.txt                        exceptions that the entry script did not catch, over all workers
  error/local-0/processNNN.txt     each of them with its traceback, mini-batch and items
  stdout/local-0/processNNN.stdout.txt
  stderr/local-0/processNNN.stderr.txt
  entry_script_log/local-0/processNNN.log.txt
                                   what the entry script logged with EntryScript().logger
sys/
  master_role.txt                  what mlpipe decided: mini-batches, what is resumed, thresholds, when it gave up
  node/local-0/processNNN.txt      the life of a worker; a negative return code is a signal (-9: SIGKILL)
  node/local-0/_main.txt           the lives of all workers
  error/local-0/, warning/local-0/ what went wrong, what to know; only if there is something
  perf/local-0/
    node_resource_usage.csv        memory and processors of the machine
    processes_resource_usage.csv   of the runner and each worker, its children included
    node_disk_usage.csv            the disks that are written to

Files that have nothing to say are not there. All times are UTC. There is one node, local-0. Numbers of mini-batches count from 0.
A job that goes on where an earlier run stopped has logs of its own: the earlier ones are in that run.

Who knows other names from Azure ML:
  logs/overview.txt, job_progress_overview.txt       job_progress_overview.<time>.txt
  logs/error.txt, sys/error.txt                      job_error.txt, sys/error/
  logs/sys/master.txt                                sys/master_role.txt
  sys/report/processed_tasks.csv, pending_tasks.csv  sys/job_report/processed_mini-batches.csv
  sys/poison_tasks_<ip>_<pid>.txt                    the last try of a mini-batch in the same table
  sys/worker/<ip>/Process-N.txt                      sys/node/local-0/processNNN.txt
  user/<ip>/Process-N.stdout.txt, Process-N.log.txt  user/stdout/, user/entry_script_log/
  logs/perf/, os/                                    sys/perf/local-0/
)";

std::string allowed(long long limit) { return limit < 0 ? "any number" : std::to_string(limit); }

std::string thresholds(const ScoreCounts& counts, const ParallelRunConfig& config) {
  const auto percent = counts.mini_batches == 0 ? 0.0 : 100.0 * static_cast<double>(counts.failed_mini_batches) / static_cast<double>(counts.mini_batches);
  return fmt::format("Thresholds:\n  error_threshold: {} failed, {} allowed\n  allowed_failed_count: {} failed, {} allowed\n"
                     "  allowed_failed_percent: {:.3g} % failed, {:g} % allowed\n",
                     plural(counts.failed_items, "item"), allowed(config.error_threshold), plural(counts.failed_mini_batches, "mini-batch"),
                     allowed(config.allowed_failed_count), percent, config.allowed_failed_percent);
}

std::string where(const ParallelOutcome& outcome) {
  std::string text;
  if (outcome.mini_batch) text += fmt::format("Mini-batch: {}\n", *outcome.mini_batch);
  text += Failures::list_items(outcome.items);
  if (!outcome.log.empty()) text += "Log: " + outcome.log.string() + "\n";
  return text;
}

}  // namespace

std::string readme_text() { return readme; }

std::string result_text(const ParallelOutcome& outcome, const ParallelRunConfig& config, const std::string& as_azure) {
  const auto& counts = outcome.counts;
  std::string text = fmt::format("{}\n{}, {} failed; {}, {} failed; {}\n", outcome.status ? "The job succeeded." : "The job failed.",
                                 plural(counts.mini_batches, "mini-batch"), counts.failed_mini_batches, plural(counts.items, "item"),
                                 counts.failed_items, plural(counts.rows, "row"));
  if (outcome.resumed > 0) text += fmt::format("{} of them finished in an earlier run and kept\n", plural(outcome.resumed, "mini-batch"));
  text += thresholds(counts, config);
  if (!as_azure.empty()) text += as_azure + "\n";
  if (!outcome.status) text += "Reason: " + outcome.status.error().message + "\n";
  if (!outcome.cause.empty()) text += "First failure: " + outcome.cause + "\n";
  return text + where(outcome);
}

std::string error_text(const ParallelOutcome& outcome, const FailureGroups& groups) {
  std::string text;
  if (!outcome.cause.empty()) text += "Root cause: " + outcome.cause + "\n" + where(outcome);
  if (!outcome.traceback.empty()) text += outcome.traceback + (outcome.traceback.ends_with('\n') ? "" : "\n");
  const auto& error = outcome.status.error();
  text += fmt::format("{}The job failed: {}\n", text.empty() ? "" : "\n", error.message);
  if (!error.hint.empty()) text += "hint: " + error.hint + "\n";
  if (!groups.empty()) text += "\nAll failures, those of one kind together:\n\n" + groups.all();
  return text;
}

}  // namespace mlpipe
