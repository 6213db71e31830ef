#include "report/github.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/python_frame.h"
#include "base/text.h"
#include "report/terminal_text.h"
#include "report/wording.h"
#include "system/below.h"

namespace mlpipe {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Bytes that would end a command's line, or one of its properties.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) == std::string_view::npos) out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string message(std::string_view text) { return escaped(harmless_lines(text), "%\r\n"); }
std::string property(std::string_view text) { return escaped(text, "%\r\n:,"); }

std::string file_of(const GitHubJob& job, const std::string& file) {
  const Path whole = absolute_path(file);
  const auto inside = job.workspace.empty() ? std::nullopt : below(whole, absolute_path(job.workspace));
  return inside.value_or(whole).string();
}

std::string annotation(const GitHubJob& job, std::string_view level, const Location& where, const std::string& title, const std::string& text) {
  std::string line = fmt::format("::{} ", level);
  if (!where.file.empty()) line += fmt::format("file={},", property(file_of(job, where.file)));
  if (where.line > 0) line += fmt::format("line={},", where.line);
  if (where.column > 0) line += fmt::format("col={},endColumn={},", where.column, where.column + std::max(where.length, 1));
  return line + fmt::format("title={}::{}\n", property(harmless_lines(title)), message(text));
}

// In a table's cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : harmless(text)) {
    if (c == '<') out += "&lt;";
    else if (c == '&') out += "&amp;";
    else if (std::string_view("\\|*_`[]~#").find(c) != std::string_view::npos) (out += '\\') += c;
    else out += c;
  }
  return out;
}

// Longer than every run of backticks within.
std::string fenced(const std::string& text) {
  std::size_t longest = 2, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fmt::format("{}text\n{}{}\n", fence, text, fence);
}

Status append(const Path& path, std::string_view text) {
  MLPIPE_TRY(const Fd file, open_file(path, O_WRONLY | O_CREAT | O_APPEND));
  return write_all(file.get(), text, path.string());
}

// What stands behind the last frame of a traceback, which may be several lines; of anything else the last line.
std::string exception_in(const std::vector<std::string>& details) {
  auto at = details.size();
  while (at > 0 && !details[at - 1].starts_with("  File \"")) --at;
  while (at > 0 && at < details.size() && details[at].starts_with(" ")) ++at;
  if (at == 0 || at == details.size()) return details.back();
  return join(std::vector<std::string>(details.begin() + static_cast<std::ptrdiff_t>(at), details.end()), "\n");
}

std::string row_of(const StepRecord& record) {
  const std::string took = record.state == StepState::ran || record.state == StepState::failed ? format_seconds(record.took) : "";
  const std::string counts = describe(record.counts);
  std::string about = record.state == StepState::failed ? record.error : counts.empty() ? record.reason : counts;
  if (record.state == StepState::reused && !record.reused_from.empty()) about = "from run " + record.reused_from;
  return fmt::format("| {} | {} | {} | {} |\n", cell(record.step), name_of(record.state), took, cell(about));
}

class GitHub final : public EventSink {
 public:
  GitHub(GitHubJob job, std::map<std::string, Location> steps, std::function<void(std::string_view)> write)
      : job_(std::move(job)), steps_(std::move(steps)), write_(std::move(write)) {}

  void on(const Event& event) override {
    if (const auto* ended = std::get_if<StepEnded>(&event); ended && ended->record.state == StepState::failed) tell(*ended);
    else if (const auto* over = std::get_if<RunEnded>(&event)) summarise(over->info);
  }

 private:
  Location place_of(const StepEnded& ended) const {
    if (const auto frame = last_user_frame(ended.details); frame && path_exists(frame->file)) return {frame->file, frame->line, 0};
    const auto found = steps_.find(ended.record.step);
    return found == steps_.end() ? Location{} : found->second;
  }

  void tell(const StepEnded& ended) {
    const std::string title = fmt::format("step {} failed", ended.record.step);
    std::vector<std::string> text{outcome(ended.record)};
    if (!ended.details.empty()) text.push_back(exception_in(ended.details));
    for (const std::string& line : {ended.hint, ended.replay, ended.again})
      if (!line.empty()) text.push_back(line);
    write_(annotation(job_, "error", place_of(ended), title, join(text, "\n")));
    failures_ += fmt::format("\n#### {}\n\n{}", cell(title), fenced(join(explain_failure(ended), "\n") + "\n"));
  }

  // A summary that cannot be written is not worth a failed run, but a word.
  void summarise(const RunInfo& run) {
    if (job_.summary.empty()) return;
    std::string text = fmt::format("### mlpipe: {} {}\n\n{}\n\n| step | | took | |\n|---|---|---|---|\n", cell(run.header.pipeline), name_of(run.state), cell(last_line(run)));
    for (const StepRecord& record : run.steps) text += row_of(record);
    text += failures_ + "\n";
    if (const auto appended = append(job_.summary, text); !appended) write_(annotation(job_, "warning", {}, "mlpipe", appended.error().message));
  }

  GitHubJob job_;
  std::map<std::string, Location> steps_;
  std::function<void(std::string_view)> write_;
  std::string failures_;
};

}  // namespace

std::optional<GitHubJob> github_job() {
  if (variable("GITHUB_ACTIONS") != "true") return std::nullopt;
  return GitHubJob{variable("GITHUB_WORKSPACE"), variable("GITHUB_STEP_SUMMARY")};
}

std::string annotations(const GitHubJob& job, const std::vector<Diagnostic>& diagnostics) {
  std::string lines;
  for (const Diagnostic& d : diagnostics)
    lines += annotation(job, d.severity == Severity::error ? "error" : "warning", d.where, "mlpipe", d.message + (d.hint.empty() ? "" : "\nhint: " + d.hint));
  return lines;
}

std::unique_ptr<EventSink> make_github(GitHubJob job, std::map<std::string, Location> steps, std::function<void(std::string_view)> write) {
  return std::make_unique<GitHub>(std::move(job), std::move(steps), std::move(write));
}

}  // namespace mlpipe
