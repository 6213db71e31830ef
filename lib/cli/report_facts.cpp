#include "cli/report_facts.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/diff_facts.h"
#include "cli/kept_run.h"
#include "cli/printed_run.h"
#include "cli/step_logs.h"
#include "pipeline/graph.h"
#include "report/wording.h"
#include "run/tracking.h"
#include "spec/spec.h"

namespace mlpipe::cli {
namespace {

// A page is to be read, and to be quick: of what is longer the end is shown, or the beginning of a list.
constexpr std::uint64_t tail_bytes = 48 << 10, table_bytes = 64 << 20, failed_items_bytes = 16 << 20;
constexpr std::size_t most_logs = 24, most_failed_items = 500, longest_detail = 4000;
constexpr const char* mini_batch_table = "sys/job_report/processed_mini-batches.csv";
constexpr const char* failed_items_file = "failed_items.jsonl";

struct Piece {
  std::string text;
  std::uint64_t bytes = 0;  // of the whole file
};

std::optional<Piece> read_piece(const Path& path, std::uint64_t most, bool end) {
  std::error_code failed;
  const std::uint64_t size = std::filesystem::file_size(path, failed);
  auto file = failed ? Result<Fd>(Error{}) : open_file(path, O_RDONLY);
  if (!file) return std::nullopt;
  Piece piece{std::string(std::min(size, most), '\0'), size};
  const auto got = read_at(file->get(), end ? size - piece.text.size() : 0, piece.text.data(), piece.text.size(), path);
  if (!got) return std::nullopt;
  piece.text.resize(*got);
  return piece;
}

html::LogTail tail_of(const std::string& name, Piece piece) {
  // From the beginning of a line on, unless that line is most of what there is.
  const auto line = piece.text.find('\n');
  if (piece.text.size() < piece.bytes && line < piece.text.size() / 2) piece.text.erase(0, line + 1);
  return {name, std::move(piece.text), piece.bytes};
}

void add_logs(const Path& folder, html::ReportedStep& step) {
  for (const std::string& name : log_files(folder)) {
    auto piece = step.logs.size() < most_logs && name != failed_items_file ? read_piece(folder / name, tail_bytes, true) : std::nullopt;
    if (piece) step.logs.push_back(tail_of(name, std::move(*piece)));
    else step.more_logs += name != failed_items_file;
  }
}

void add_mini_batches(const Path& folder, html::ReportedStep& step) {
  auto piece = read_piece(folder / mini_batch_table, table_bytes, false);
  if (!piece) return;
  step.mini_batches = html::mini_batch_facts(piece->text);
  step.mini_batches->cut = piece->text.size() < piece->bytes;
}

void add_failed_items(const Path& folder, html::ReportedStep& step) {
  const auto piece = read_piece(folder / failed_items_file, failed_items_bytes, false);
  if (!piece) return;
  for (const std::string_view line : split(piece->text, '\n')) {
    auto failed = line.empty() ? std::nullopt : failed_item_of(line, longest_detail);
    if (!failed) continue;
    if (step.failed_items.size() < most_failed_items) step.failed_items.push_back(std::move(*failed));
    else ++step.more_failed_items;
  }
}

void add_logged(const Store& store, const RunInfo& run, html::ReportedStep& step) {
  const auto printed_in = run_that_printed(store, run, step.name);
  if (!printed_in) return;
  const Path folder = logs_folder(store, *printed_in, step.name);
  step.logs_run = *printed_in;
  step.logs_folder = folder.string();
  add_logs(folder, step);
  add_mini_batches(folder, step);
  add_failed_items(folder, step);
}

// Of a step without a record.
std::string state_without(const Store& store, const RunInfo& run, const std::string& step) {
  if (!is_folder(logs_folder(store, run.header.id, step))) return run.state == RunState::running ? "waiting" : "not run";
  return run.state == RunState::running ? "running" : "stopped";
}

void add_facts(const Store& store, const RunInfo& run, html::ReportedStep& step) {
  if (const StepRecord* record = run.step(step.name)) step.record = *record;
  step.state = step.record ? std::string(name_of(step.record->state)) : state_without(store, run, step.name);
  step.outcome = step.record ? outcome(*step.record) : step.state == "stopped" ? "killed before it ended" : step.state;
  const bool reused = step.record && step.record->state == StepState::reused;
  step.series = Tracking(store.run_path(reused ? step.record->reused_from : run.header.id)).series(step.name);
  add_logged(store, run, step);
}

// The steps as the spec of the run had them.
std::vector<html::ReportedStep> steps_of(const Pipeline& pipeline) {
  std::vector<html::ReportedStep> steps;
  const StepGraph graph(pipeline);
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    steps.emplace_back().name = pipeline.steps[i].name;
    steps.back().needs = graph.needs(i);
  }
  return steps;
}

// As far as the record tells, when its spec does not say it any more.
std::vector<html::ReportedStep> recorded_steps(const RunInfo& run) {
  std::vector<html::ReportedStep> steps;
  const auto number_of = [&](std::string_view name) {
    return static_cast<std::size_t>(std::find_if(steps.begin(), steps.end(), [&](const auto& step) { return step.name == name; }) - steps.begin());
  };
  for (const StepRecord& record : run.steps) {  // in the order they ended: what a step needs is there before it
    if (number_of(record.step) < steps.size()) continue;
    std::set<std::size_t> needs;
    for (const auto& [input, output] : record.reads)
      if (const auto number = number_of(output.substr(0, output.rfind('.'))); number < steps.size()) needs.insert(number);
    steps.emplace_back().name = record.step;
    steps.back().needs.assign(needs.begin(), needs.end());
  }
  return steps;
}

}  // namespace

html::RunReport report_facts(const Store& store, const RunInfo& run) {
  html::RunReport report{run, last_line(run), {}, std::nullopt};
  const auto pipeline = kept_pipeline(store, run);
  report.steps = pipeline ? steps_of(*pipeline) : recorded_steps(run);
  for (html::ReportedStep& step : report.steps) add_facts(store, run, step);
  if (const auto before = read_runs(store, run.header.spec, 1, run.header.id); before && !before->empty())
    report.changes = diff_runs(store, before->front(), run);
  return report;
}

}  // namespace mlpipe::cli
