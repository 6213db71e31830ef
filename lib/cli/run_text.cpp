#include "cli/run_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/table.h"
#include "report/terminal_text.h"
#include "report/wording.h"

namespace mlpipe::cli {
namespace {

std::string command_words(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(shell_quote(word));
  return join(quoted, " ");
}

std::string facts(const RunInfo& run) {
  std::vector<std::vector<std::string>> rows{{"run", run.header.id},
                                             {"pipeline", run.header.pipeline},
                                             {"spec", shown_path(run.header.spec)},
                                             {"started", shown_time(run.header.started)},
                                             {"state", shown_state(run)}};
  if (run.state != RunState::running && run.state != RunState::killed) rows.push_back({"took", format_seconds(run.took)});
  rows.push_back({"command", command_words(run.header.command_line)});
  if (!run.header.overrides.empty()) rows.push_back({"overrides", join(run.header.overrides, ", ")});
  if (!run.header.selection.empty()) rows.push_back({"selection", join(run.header.selection, " ")});
  rows.push_back({"by", run.header.user.empty() ? run.header.host : run.header.user + "@" + run.header.host});
  rows.push_back({"with", fmt::format("mlpipe {}, pid {}", run.header.mlpipe_version, run.header.pid)});
  for (auto& row : rows) row[1] = harmless(row[1]);
  return table(rows);
}

void add_outputs(std::string& text, const Store& store, const StepRecord& step) {
  for (const StoredOutput& output : step.outputs) {
    if (output.name == "artifacts" && output.bytes == 0) continue;  // Azure's, of every command; this one left nothing
    text += fmt::format("    {}: {} ({}, {})\n", output.name, harmless(shown_path(store.output_path(output))), plural(output.files, "file"),
                        format_bytes(output.bytes));
  }
}

void add_metrics(std::string& text, const StepRecord& step) {
  for (const auto& [name, value] : step.metrics) text += fmt::format("    metric {}: {:g}\n", harmless(name), value);
}

}  // namespace

std::string shown_time(WallTime time) {
  std::string text = format_utc(time).substr(0, 19);
  if (text.size() > 10) text[10] = ' ';
  return text + "Z";
}

std::string shown_state(const RunInfo& run) {
  if (run.exit_code == 0) return std::string(name_of(run.state));
  return fmt::format("{} (exit code {})", name_of(run.state), run.exit_code);
}

std::string run_text(const Store& store, const RunInfo& run) {
  std::string text = facts(run) + "\n";
  for (const StepRecord& step : run.steps) {
    text += fmt::format("  {}  {}\n", step.step, outcome(step));
    if (!step.reason.empty() && step.state != StepState::skipped) text += fmt::format("    because: {}\n", harmless(step.reason));
    if (!step.kept.empty()) text += fmt::format("    kept: {}\n", harmless(shown_path(step.kept)));
    for (const std::string& line : lines_of(step.findings)) text += fmt::format("    {}\n", line);
    add_outputs(text, store, step);
    add_metrics(text, step);
  }
  return text;
}

}  // namespace mlpipe::cli
