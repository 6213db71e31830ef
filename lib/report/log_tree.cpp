#include "report/log_tree.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <map>

#include "system/files.h"

namespace mlpipe {
namespace {

struct StepLog {
  Fd file;
  Path path;
  bool inside_line = false;

  // Unbuffered: what a step printed is on disk whenever we are killed.
  void write(std::string_view text) {
    if (text.empty() || !file) return;
    if (write_all(file.get(), text, path)) inside_line = text.back() != '\n';
  }
};

class LogTree final : public EventSink {
 public:
  void on(const Event& event) override {
    if (const auto* started = std::get_if<StepStarted>(&event)) open(*started);
    if (const auto* output = std::get_if<StepOutputText>(&event)) append(output->step, output->text);
    if (const auto* retried = std::get_if<StepRetried>(&event)) mark(*retried);
    if (const auto* ended = std::get_if<StepEnded>(&event)) logs_.erase(ended->record.step);
  }

 private:
  void open(const StepStarted& started) {
    if (started.parallel || logs_.contains(started.step)) return;
    StepLog log;
    log.path = started.logs / step_log_name;
    if (!make_dirs(log.path.parent_path())) return;
    auto file = open_file(log.path, O_WRONLY | O_CREAT | O_APPEND);
    if (!file) return;
    log.file = file.take();
    logs_.emplace(started.step, std::move(log));
  }

  void append(const std::string& step, std::string_view text) {
    if (const auto log = logs_.find(step); log != logs_.end()) log->second.write(text);
  }

  void mark(const StepRetried& retried) {
    const auto log = logs_.find(retried.step);
    if (log == logs_.end()) return;
    const char* line_end = log->second.inside_line ? "\n" : "";
    log->second.write(fmt::format("{}--- mlpipe: attempt {}, after: {}\n", line_end, retried.attempt, retried.cause));
  }

  std::map<std::string, StepLog> logs_;
};

}  // namespace

std::unique_ptr<EventSink> make_log_tree() { return std::make_unique<LogTree>(); }

}  // namespace mlpipe
