#include "cli/diff_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "report/terminal_text.h"

namespace mlpipe::cli {
namespace {

constexpr std::size_t files_shown = 20;

std::string arrow(const std::string& before, const std::string& after) { return before == after ? before : fmt::format("{} -> {}", before, after); }

std::string value_line(const ValueDiff& value) {
  if (!value.before) return fmt::format("  {}: new ({})\n", value.name, harmless(*value.after));
  if (!value.after) return fmt::format("  {}: gone (was {})\n", value.name, harmless(*value.before));
  return fmt::format("  {}: {} -> {}\n", value.name, harmless(*value.before), harmless(*value.after));
}

std::string values(std::string_view title, const std::vector<ValueDiff>& differences) {
  std::string text = differences.empty() ? "" : fmt::format("{}\n", title);
  for (const ValueDiff& value : differences) text += value_line(value);
  return text;
}

std::string sizes(const std::optional<std::uint64_t>& before, const std::optional<std::uint64_t>& after) {
  if (!before && !after) return {};
  if (!before) return "new, " + format_bytes(*after);
  if (!after) return "gone, was " + format_bytes(*before);
  return *before == *after ? "changed, " + format_bytes(*after) : fmt::format("{} -> {}", format_bytes(*before), format_bytes(*after));
}

std::string coloured(std::string_view line, const DiffStyle& style) {
  std::string shown = style.terminal ? harmless(line) : std::string(line);
  if (!style.colour) return shown;
  const bool name = line.starts_with("---") || line.starts_with("+++");
  const char* code = name ? "1" : line.starts_with("@@") ? "36" : line.starts_with("-") ? "31" : line.starts_with("+") ? "32" : "";
  return *code ? fmt::format("\x1b[{}m{}\x1b[0m", code, shown) : shown;
}

std::string lines(const FileDiff& file, const DiffStyle& style) {
  std::string text;
  std::string_view rest = file.diff.text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    text += coloured(rest.substr(0, end), style) + "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return text;
}

// "  train/train.py: changed, +3 -1", or the lines themselves.
std::string file_text(const FileDiff& file, const DiffStyle& style) {
  if (!style.stat && !file.diff.text.empty()) return lines(file, style);
  std::string text = fmt::format("  {}: {}", harmless(file.path), harmless(file.what));
  if (!file.diff.text.empty()) return text + fmt::format(", +{} -{}\n", file.diff.added, file.diff.removed);
  if (!file.note.empty()) text += ", " + file.note;
  if (const std::string both = sizes(file.before, file.after); file.what == "changed" && !both.empty()) text += fmt::format(" ({})", both);
  return text + "\n";
}

std::string spec_text(const RunDiff& diff, const DiffStyle& style) {
  if (!diff.spec_note.empty()) return fmt::format("spec: {}\n", diff.spec_note);
  std::string text = diff.spec.empty() ? "" : "spec\n";
  for (const FileDiff& file : diff.spec) text += file_text(file, style);
  return text;
}

std::string state(const std::optional<StepRecord>& record) { return record ? std::string(name_of(record->state)) : "not part of it"; }

std::string took(const std::optional<StepRecord>& record) {
  return record && record->took > Seconds::zero() ? format_seconds(record->took) : "";
}

std::string step_line(const StepDiff& step) {
  std::string text = fmt::format("{}: {}", step.step, arrow(state(step.before), state(step.after)));
  if (const std::string before = took(step.before), after = took(step.after); !before.empty() && !after.empty()) text += ", " + arrow(before, after);
  return text + "\n";
}

std::string output_text(const OutputDiff& output) {
  if (!output.before) return fmt::format("  output {} is new\n", output.name);
  if (!output.after) return fmt::format("  output {} is gone\n", output.name);
  if (!output.files_known)
    return fmt::format("  output {} changed: {}, {}\n", output.name, arrow(plural(output.before->files, "file"), plural(output.after->files, "file")),
                       arrow(format_bytes(output.before->bytes), format_bytes(output.after->bytes)));
  std::string text;
  for (std::size_t i = 0; i < output.files.size() && i < files_shown; ++i) {
    const OutputFileDiff& file = output.files[i];
    text += fmt::format("  output {}: {}{}\n", output.name, file.path.empty() ? "" : harmless(file.path) + ": ", sizes(file.before, file.after));
  }
  if (output.files.size() > files_shown) text += fmt::format("  output {}: and {} more\n", output.name, output.files.size() - files_shown);
  return text;
}

std::string metric_text(const MetricDiff& metric) {
  const std::string name = fmt::format("  metric {} {}", harmless(metric.file), harmless(metric.name));
  if (!metric.before) return fmt::format("{}: new ({})\n", name, *metric.after);
  if (!metric.after) return fmt::format("{}: gone (was {})\n", name, *metric.before);
  return fmt::format("{}: {} -> {} ({:+.6g})\n", name, *metric.before, *metric.after, *metric.after - *metric.before);
}

std::string step_text(const StepDiff& step, const DiffStyle& style) {
  std::string text = step_line(step);
  std::size_t shown = 0;
  for (const Change& change : step.changes) {
    if (++shown > files_shown) continue;
    text += fmt::format("  {}\n", harmless(describe(change)));
  }
  if (shown > files_shown) text += fmt::format("  and {} more changes; --json lists all\n", shown - files_shown);
  for (const MetricDiff& metric : step.metrics) text += metric_text(metric);
  for (const OutputDiff& output : step.outputs) text += output_text(output);
  if (!step.code_as_of.empty()) text += fmt::format("  its code changed as that of {}\n", step.code_as_of);
  for (const FileDiff& file : step.code)  // of others the change above says it all
    if (!file.diff.text.empty() || !file.note.empty()) text += file_text(file, style);
  return text;
}

}  // namespace

std::string diff_text(const RunDiff& diff, const DiffStyle& style) {
  std::string text = fmt::format("run {} ({}, {}) -> run {} ({}, {})\n", diff.before.header.id, name_of(diff.before.state), format_seconds(diff.before.took),
                                 diff.after.header.id, name_of(diff.after.state), format_seconds(diff.after.took));
  text += spec_text(diff, style) + values("parameters", diff.parameters) + values("inputs", diff.inputs);
  std::vector<std::string> same;
  for (const StepDiff& step : diff.steps) {
    if (step.is_same()) same.push_back(step.step);
    else text += step_text(step, style);
  }
  if (!same.empty()) text += fmt::format("the same: {}\n", join(same, ", "));
  return text;
}

}  // namespace mlpipe::cli
