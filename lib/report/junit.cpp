#include "report/junit.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "report/failed_item.h"
#include "report/markup.h"
#include "report/terminal_text.h"
#include "report/wording.h"
#include "system/process.h"

namespace mlpipe {
namespace {

constexpr std::size_t most_items = 200;  // of a step: the file is for people, failed_items.jsonl has them all

// Lines made fit for a log, as text or the value of an attribute.
std::string xml(std::string_view text) { return xml_escaped(harmless_lines(text)); }

std::string attribute(std::string_view name, std::string_view value) { return fmt::format(" {}=\"{}\"", name, xml(value)); }

// "a.png: ValueError: bad", a line each, of what failed_items.jsonl says.
std::vector<std::string> failed_items(const Path& logs) {
  std::vector<std::string> lines;
  const auto text = logs.empty() ? Result<std::string>(std::string()) : read_file(logs / "failed_items.jsonl");
  if (!text) return lines;
  std::size_t more = 0;
  for (const std::string_view line : split(*text, '\n')) {
    const auto failed = failed_item_of(line, 0);
    if (!failed) continue;
    if (lines.size() == most_items) ++more;
    else lines.push_back(fmt::format("{}: {}", failed->item, failed->reason));
  }
  if (more > 0) lines.push_back(fmt::format("and {} more in {}", more, shown_path(logs / "failed_items.jsonl")));
  return lines;
}

struct TestCase {
  StepEnded ended;
  std::vector<std::string> items;
};

std::string verdict_of(const StepEnded& ended) {
  const StepRecord& record = ended.record;
  const std::string head = outcome(record);
  if (record.state == StepState::skipped) return fmt::format("      <skipped{}/>\n", attribute("message", record.reason));
  if (record.state == StepState::stopped) return fmt::format("      <error{}/>\n", attribute("message", head));
  if (record.state != StepState::failed) return {};
  const bool threshold = record.counts.mini_batches > 0 && record.exit_code == 42;  // any command may end so
  const std::string type = threshold ? "threshold" : record.signal != 0 ? signal_name(record.signal) : fmt::format("exit code {}", record.exit_code);
  return fmt::format("      <failure{}{}>{}</failure>\n", attribute("message", head), attribute("type", type), xml(join(explain_failure(ended), "\n")));
}

std::string xml_of(const TestCase& one, const std::string& pipeline) {
  const StepRecord& record = one.ended.record;
  std::vector<std::string> said{outcome(record)};
  for (const auto& [name, value] : record.metrics) said.push_back(fmt::format("metric {}: {}", name, value));
  if (!one.items.empty()) said.push_back("failed items:");
  said.insert(said.end(), one.items.begin(), one.items.end());
  return fmt::format("    <testcase{}{} time=\"{:.3f}\">\n{}      <system-out>{}</system-out>\n    </testcase>\n", attribute("classname", pipeline),
                     attribute("name", record.step), record.took.count(), verdict_of(one.ended), xml(join(said, "\n")));
}

class Junit final : public EventSink {
 public:
  Junit(Path file, Status& written) : file_(std::move(file)), written_(written) {}

  void on(const Event& event) override {
    if (const auto* started = std::get_if<StepStarted>(&event)) logs_[started->step] = started->logs;
    else if (const auto* ended = std::get_if<StepEnded>(&event)) cases_.push_back({*ended, failed_items(logs_[ended->record.step])});
    else if (const auto* over = std::get_if<RunEnded>(&event)) write(over->info);
  }

 private:
  std::string counts(const RunInfo& run) const {
    const auto count = [&](StepState state) {
      return std::count_if(cases_.begin(), cases_.end(), [&](const TestCase& one) { return one.ended.record.state == state; });
    };
    return fmt::format(" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"", cases_.size(), count(StepState::failed), count(StepState::stopped),
                       count(StepState::skipped), run.took.count());
  }

  void write(const RunInfo& run) {
    const RunHeader& header = run.header;
    std::string text = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mlpipe\"{}>\n", counts(run));
    text += fmt::format("  <testsuite{}{}{}{}>\n", attribute("name", header.pipeline), counts(run), attribute("timestamp", format_utc(header.started).substr(0, 19)),
                        attribute("hostname", header.host));
    text += fmt::format("    <properties>\n      <property name=\"run\"{}/>\n    </properties>\n", attribute("value", header.id));
    for (const TestCase& one : cases_) text += xml_of(one, header.pipeline);
    text += "  </testsuite>\n</testsuites>\n";
    written_ = make_dirs(absolute_path(file_).parent_path());
    if (written_) written_ = write_file(file_, text);
  }

  Path file_;
  Status& written_;
  std::map<std::string, Path> logs_;
  std::vector<TestCase> cases_;
};

}  // namespace

Status clear_junit(const Path& file) {
  MLPIPE_TRY_VOID(make_dirs(absolute_path(file).parent_path()));
  std::error_code failed;
  if (path_exists(file) && !std::filesystem::is_regular_file(file, failed)) return Error{ErrorKind::usage, shown_path(file) + " is not a file that can be replaced", ""};
  MLPIPE_TRY_VOID(open_file(file, O_WRONLY | O_CREAT));
  std::filesystem::remove(file, failed);
  return {};
}

std::unique_ptr<EventSink> make_junit(Path file, Status& written) { return std::make_unique<Junit>(std::move(file), written); }

}  // namespace mlpipe
