#include "report/log_tree.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <map>

#include "store/printed_index.h"
#include "system/files.h"

namespace mlpipe {
namespace {

struct StepLog {
  Fd file;
  PrintedIndex index;
  bool inside_line = false;

  // Unbuffered: what a step printed is on disk whenever we are killed.
  void write(std::string_view text, bool is_stderr, const std::string& process, WallTime now) {
    if (text.empty() || !file) return;
    index.prints(is_stderr, process, {}, now);
    const std::size_t written = write_most(file.get(), text);
    index.printed(written);
    if (written > 0) inside_line = text[written - 1] != '\n';
  }
};

std::uint64_t size_of(const Fd& file) {
  const off_t end = ::lseek(file.get(), 0, SEEK_END);
  return end > 0 ? static_cast<std::uint64_t>(end) : 0;
}

class LogTree final : public EventSink {
 public:
  explicit LogTree(const Clock& clock) : clock_(clock) {}

  void on(const Event& event) override {
    if (const auto* started = std::get_if<StepStarted>(&event)) open(*started);
    if (const auto* output = std::get_if<StepOutputText>(&event)) append(*output);
    if (const auto* retried = std::get_if<StepRetried>(&event)) mark(*retried);
    if (const auto* ended = std::get_if<StepEnded>(&event)) logs_.erase(ended->record.step);
  }

 private:
  void open(const StepStarted& started) {
    if (started.parallel || logs_.contains(started.step)) return;
    StepLog log;
    const Path path = started.logs / step_log_name;
    if (!make_dirs(path.parent_path())) return;
    auto file = open_file(path, O_WRONLY | O_CREAT | O_APPEND);
    if (!file) return;
    log.file = file.take();
    log.index = PrintedIndex(started.logs / index_of_log(path), size_of(log.file));
    logs_.emplace(started.step, std::move(log));
  }

  void append(const StepOutputText& output) {
    const auto found = logs_.find(output.step);
    if (found == logs_.end()) return;
    found->second.write(output.text, output.is_stderr, output.worker, clock_.wall());
  }

  void mark(const StepRetried& retried) {
    const auto log = logs_.find(retried.step);
    if (log == logs_.end()) return;
    const char* line_end = log->second.inside_line ? "\n" : "";
    const std::string line = fmt::format("{}--- mlpipe: attempt {}, after: {}\n", line_end, retried.attempt, retried.cause);
    log->second.write(line, false, "", clock_.wall());
  }

  const Clock& clock_;
  std::map<std::string, StepLog> logs_;
};

}  // namespace

std::unique_ptr<EventSink> make_log_tree(const Clock& clock) { return std::make_unique<LogTree>(clock); }

}  // namespace mlpipe
