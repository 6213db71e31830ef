#include "report/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "report/terminal_text.h"
#include "system/process.h"

namespace mlpipe {
namespace {

std::string how_it_ended(const StepRecord& record) {
  if (record.signal != 0) return fmt::format("killed by {}", signal_name(record.signal));
  if (record.exit_code != 0) return fmt::format("exit code {}", record.exit_code);
  return {};
}

bool has_begun(const StepRecord& record) { return record.took > Seconds::zero(); }

std::string after_time(const StepRecord& record) { return has_begun(record) ? " after " + format_seconds(record.took) : std::string(); }

std::string after_colon(const std::string& text) { return text.empty() ? std::string() : ": " + harmless(text); }

std::string failed_line(const StepRecord& record) {
  std::string end = how_it_ended(record);
  // The recorded error often says the exit code already; one that never started has none of its own.
  if (record.error.find(end) != std::string::npos || !has_begun(record)) end.clear();
  const std::string tries = record.tries > 1 ? fmt::format(" and {} tries", record.tries) : "";
  const std::string both = end.empty() || record.error.empty() ? end + record.error : end + ": " + record.error;
  return fmt::format("failed{}{}{}", after_time(record), tries, after_colon(both));
}

std::string done_line(const StepRecord& record) {
  const std::string counts = describe(record.counts);
  const std::string tries = record.tries > 1 ? fmt::format(" at try {}", record.tries) : "";
  return fmt::format("done in {}{}{}", format_seconds(record.took), tries, after_colon(counts));
}

std::string shown_items(const std::vector<std::string>& items) {
  constexpr std::size_t most = 5;
  const std::vector<std::string> first(items.begin(), items.begin() + std::min(items.size(), most));
  return join(first, ", ") + (items.size() > most ? ", ..." : "");
}

void add(std::vector<std::string>& lines, std::string_view label, std::string_view text) {
  if (text.empty()) return;
  const auto parts = split(text, '\n');  // a hint may have lines of code
  lines.push_back(fmt::format("{}: {}", label, harmless(parts.front())));
  for (std::size_t part = 1; part < parts.size(); ++part) lines.push_back(harmless(parts[part]));
}

void add(std::vector<std::string>& lines, const Finding& finding) {
  add(lines, "cause", finding.cause);
  add(lines, "hint", finding.hint);
  add(lines, "more", troubleshooting_place(finding));
}

}  // namespace

std::vector<std::string> lines_of(const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  for (const Finding& finding : findings) add(lines, finding);
  return lines;
}

std::string describe(const ScoreCounts& counts) {
  if (counts.mini_batches == 0) return {};
  std::string text = fmt::format("{}, {}", plural(counts.mini_batches, "mini-batch"), plural(counts.items, "item"));
  if (counts.failed_mini_batches > 0) text += fmt::format(", {} failed", plural(counts.failed_mini_batches, "mini-batch"));
  if (counts.failed_items > 0) text += fmt::format(", {} failed", plural(counts.failed_items, "item"));
  return text + fmt::format(", {}", plural(counts.rows, "row"));
}

std::string count_states(const std::vector<StepRecord>& steps) {
  constexpr std::array order{StepState::ran,    StepState::reused,  StepState::used,
                             StepState::failed, StepState::skipped, StepState::stopped};
  std::vector<std::string> parts;
  for (const StepState state : order) {
    const auto count = std::count_if(steps.begin(), steps.end(), [&](const StepRecord& step) { return step.state == state; });
    if (count > 0) parts.push_back(fmt::format("{} {}", count, name_of(state)));
  }
  return join(parts, ", ");
}

std::string last_line(const RunInfo& run) {
  const std::string states = run.steps.empty() ? "nothing to do" : count_states(run.steps);
  return fmt::format("{}: {} in {}", plural(run.steps.size(), "step"), states, format_seconds(run.took));
}

std::string outcome(const StepRecord& record) {
  switch (record.state) {
    case StepState::ran: return done_line(record);
    case StepState::reused:
      return record.reused_from.empty() ? "reused" + after_colon(record.reason) : "reused from run " + record.reused_from;
    case StepState::used: return "used" + after_colon(record.reason);
    case StepState::failed: return failed_line(record);
    case StepState::skipped: return "skipped" + after_colon(record.reason);
    case StepState::stopped: return "stopped" + after_time(record) + after_colon(record.error.empty() ? record.reason : record.error);
  }
  return {};
}

std::vector<std::string> explain_failure(const StepEnded& ended) {
  std::vector<std::string> lines;
  for (const std::string& detail : ended.details) lines.push_back("| " + harmless(detail));
  if (ended.mini_batch)
    add(lines, fmt::format("mini-batch {}", *ended.mini_batch), ended.items.empty() ? "no items known" : shown_items(ended.items));
  add(lines, "counts", describe(ended.record.counts));
  add(lines, "log", ended.log.empty() ? "" : shown_path(ended.log));
  add(lines, "kept", ended.record.kept.empty() ? "" : shown_path(ended.record.kept));
  add(lines, "again", ended.again);
  add(lines, "replay", ended.replay);
  for (const Finding& finding : ended.record.findings) add(lines, finding);
  add(lines, "hint", ended.hint);
  return lines;
}

std::string planned(const ParallelProgress& progress) {
  const std::string items = progress.items > 0 ? " of " + plural(progress.items, "item") : " without items";
  return plural(progress.mini_batches, "mini-batch") + items;
}

std::string describe(const ParallelProgress& progress) {
  std::string text = fmt::format("{}/{} mini-batches", progress.done, progress.mini_batches);
  if (progress.failed > 0) text += fmt::format(", {} failed", progress.failed);
  if (progress.items_failed > 0) text += fmt::format(", {} failed", plural(progress.items_failed, "item"));
  return text;
}

std::string time_left(Seconds remaining) {
  const double seconds = std::max(1.0, remaining.count());
  if (seconds < 59.5) return fmt::format("{:.0f} s left", seconds);
  return format_seconds(Seconds(seconds)) + " left";
}

}  // namespace mlpipe
