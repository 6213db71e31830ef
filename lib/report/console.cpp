#include "report/console.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>

#include "base/text.h"
#include "report/github.h"
#include "report/live_table.h"
#include "report/screen.h"
#include "report/terminal_text.h"
#include "report/wording.h"
#include "system/host.h"

namespace mlpipe {
namespace {

constexpr auto redraw_every = std::chrono::milliseconds(100);
constexpr auto progress_line_every = std::chrono::seconds(10);
// CI systems stop jobs that say nothing for minutes.
constexpr auto heartbeat_every = std::chrono::seconds(60);
constexpr std::size_t widest_name = 24;
// Lines behind which a failure is no longer in sight.
constexpr std::size_t lines_in_sight = 10;
constexpr std::size_t most_repeated = 3;
constexpr std::size_t most_held = 1 << 18;  // bytes that wait for a terminal

enum class Colour { none, red = 31, green = 32, yellow = 33, cyan = 36 };

Colour colour_of(StepState state) {
  switch (state) {
    case StepState::ran: return Colour::green;
    case StepState::reused:
    case StepState::used: return Colour::cyan;
    case StepState::failed: return Colour::red;
    case StepState::skipped:
    case StepState::stopped: return Colour::yellow;
  }
  return Colour::none;
}

bool says(const char* variable, std::string_view value) {
  const char* set = std::getenv(variable);
  return set && value == set;
}

class Console final : public EventSink {
 public:
  Console(const ConsoleOptions& options, const Clock& clock) : options_(options), clock_(clock), screen_(options.fd) {
    if (options_.live) Screen::notice_stops();
  }

  ~Console() override {
    if (options_.live) screen_.print(lines_, {});
  }

  void on(const Event& event) override {
    now_ = clock_.steady();
    std::visit([this](const auto& happening) { tell(happening); }, event);
    present(std::holds_alternative<StepOutputText>(event) || std::holds_alternative<StepProgress>(event));
  }

  void pulse(const std::map<std::string, std::uint64_t>& memory) override {
    now_ = clock_.steady();
    table_.memory(memory);
    if (!options_.live && !options_.quiet) heartbeat();
    present(true);
  }

 private:
  using Speaker = std::tuple<std::string, std::string, bool>;  // step, worker, is_stderr

  void tell(const RunStarted& started) {
    table_.begin(started.steps.size(), now_);
    for (const std::string& step : started.steps) name_width_ = std::max(name_width_, std::min(step.size(), widest_name));
    if (options_.quiet) return;
    line(fmt::format("run {} of {}: {}, -j{}", started.header.id, harmless(started.header.pipeline), plural(started.steps.size(), "step"),
                     started.jobs));
  }

  void tell(const Notice& notice) {
    if (options_.quiet) return;
    const std::string text = fmt::format("{}: {}", painted("note", Colour::yellow), harmless(notice.message));
    if (notice.step.empty()) line(text);
    else line(fmt::format("{}  {}", name(notice.step), text));
    if (!notice.hint.empty()) line("  hint: " + harmless(notice.hint));
  }

  void tell(const StepWaiting& waiting) {
    table_.wait(waiting.step, now_);
    say(waiting.step, "waits: another mlpipe runs the same step, its result will be taken");
  }

  void tell(const StepStarted& started) {
    table_.start(started.step, now_);
    if (started.attempt == 1) say(started.step, started.reason.empty() ? "runs" : "runs: " + harmless(started.reason));
  }

  void tell(const StepOutputText& output) {
    if (options_.quiet) return;
    for (const std::string& text : speakers_[{output.step, output.worker, output.is_stderr}].feed(output.text))
      speak(output.step, output.worker, text);
  }

  void tell(const WorkerEnded&) {}
  void tell(const MiniBatchEnded&) {}

  void tell(const StepProgress& moved) {
    table_.progress(moved.step, moved.progress, now_);
    if (options_.live || options_.quiet) return;
    const auto [told, first] = progress_told_.try_emplace(moved.step, now_);
    SteadyTime& last = told->second;
    if (first) say(moved.step, planned(moved.progress));
    if (now_ - last < progress_line_every) return;
    last = now_;
    const auto rate = table_.items_per_second(moved.step, now_);
    const auto left = moved.progress.remaining;
    say(moved.step, describe(moved.progress) + (rate ? fmt::format(", {:.1f} items/s", *rate) : "") + (left ? ", " + time_left(*left) : ""));
  }

  void tell(const StepRetried& retried) {
    finish_lines(retried.step);
    say(retried.step, fmt::format("attempt {}: {}", retried.attempt, harmless(retried.cause)));
  }

  void tell(const StepEnded& ended) {
    const StepRecord& record = ended.record;
    finish_lines(record.step);
    const bool failed = record.state == StepState::failed;
    table_.end(record.step, failed);
    told_.erase(record.step);
    if (options_.quiet && !failed) return;
    line(fmt::format("{}  {}", name(record.step), painted_outcome(record)));
    if (failed) tell_failure(ended);
    else for (const std::string& text : lines_of(record.findings)) line("  " + text);
    for (const auto& [output, path] : ended.published)
      line(fmt::format("  {} published to {}", harmless(output), harmless(shown_path(path))));
  }

  void tell(const RunEnded& ended) {
    if (!options_.quiet)
      for (const auto& [output, path] : ended.outputs) line(fmt::format("output {}: {}", harmless(output), harmless(shown_path(path))));
    repeat_failures();
    line(last_line(ended.info));
    if (!ended.hint.empty()) line("hint: " + harmless(ended.hint));
  }

  void tell_failure(const StepEnded& ended) {
    for (const std::string& text : explain_failure(ended)) line("  " + text);
    const std::string next = ended.replay.empty() ? ended.again : ended.replay;
    failures_.push_back({fmt::format("{} {}", harmless(ended.record.step), outcome(ended.record)), harmless(next), lines_told_});
  }

  // What others printed since has pushed them off the screen: the last thing to read is what to type next.
  void repeat_failures() {
    if (options_.quiet || failures_.empty() || lines_told_ < failures_.back().at + lines_in_sight) return;
    for (std::size_t i = 0; i < std::min(failures_.size(), most_repeated); ++i) {
      line(failures_[i].what);
      if (!failures_[i].next.empty()) line("  next: " + failures_[i].next);
    }
    if (failures_.size() > most_repeated) line(fmt::format("and {} more failed", failures_.size() - most_repeated));
  }

  // Of a step about which nothing was said for long: that it still runs.
  void heartbeat() {
    for (const std::string& step : table_.active()) {
      const SteadyTime last = told_.try_emplace(step, now_).first->second;
      if (now_ - last >= heartbeat_every) say(step, "still " + table_.state_of(step, now_));
    }
  }

  // A step's half lines, before what is said about it next.
  void finish_lines(const std::string& step) {
    for (auto at = speakers_.lower_bound({step, "", false}); at != speakers_.end() && std::get<0>(at->first) == step;) {
      if (const auto rest = at->second.flush()) speak(step, std::get<1>(at->first), *rest);
      at = speakers_.erase(at);
    }
  }

  void speak(const std::string& step, const std::string& worker, const std::string& text) {
    told_[step] = now_;
    line(fmt::format("{}{} | {}", name(step), worker.empty() ? "" : " " + harmless(worker), harmless(text)));
  }

  void say(const std::string& step, const std::string& text) {
    if (options_.quiet) return;
    told_[step] = now_;
    line(fmt::format("{}  {}", name(step), text));
  }

  std::string name(const std::string& step) const { return fmt::format("{:<{}}", harmless(step), name_width_); }

  std::string painted(std::string_view text, Colour colour) const {
    if (!options_.colour || colour == Colour::none) return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", static_cast<int>(colour), text);
  }

  // Only the first word has a colour: "failed", "done", "reused".
  std::string painted_outcome(const StepRecord& record) const {
    const std::string text = outcome(record);
    const auto word = std::min(text.find_first_of(" :"), text.size());
    return painted(text.substr(0, word), colour_of(record.state)) + text.substr(word);
  }

  void line(std::string text) {
    if (options_.on_github)
      for (auto at = text.find("##["); at != std::string::npos; at = text.find("##[", at)) text.insert(at + 1, " ");
    lines_ += text;
    lines_ += '\n';
    ++lines_told_;
  }

  // What a running step prints can wait, for the next pulse comes while it runs: a step that prints much, or a terminal that takes nothing (Ctrl-S),
  // holds up nobody. All else appears at once: the next event may be far.
  bool waits(bool can_wait) const {
    if (lines_.size() > most_held) return false;
    return (can_wait || lines_.empty()) && (now_ - drawn_ < redraw_every || !screen_.takes_more());
  }

  void present(bool can_wait) {
    if (!options_.live) {
      screen_.print(lines_);
    } else {
      if (waits(can_wait)) return;
      const ScreenSize size = screen_.size();
      screen_.print(lines_, table_.rows(now_, size.width - 1, std::min<std::size_t>(size.height - 1, 20)));
      drawn_ = now_;
    }
    lines_.clear();
  }

  ConsoleOptions options_;
  const Clock& clock_;
  Screen screen_;
  LiveTable table_;
  std::map<Speaker, LineCutter> speakers_;
  std::map<std::string, SteadyTime> progress_told_, told_;  // told_: anything, of those that run
  struct Failed {
    std::string what, next;
    std::size_t at = 0;  // lines before its end
  };
  std::vector<Failed> failures_;
  std::size_t lines_told_ = 0;
  std::size_t name_width_ = 0;
  std::string lines_;
  SteadyTime now_, drawn_;
};

}  // namespace

ConsoleOptions console_options(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  ConsoleOptions options{.fd = fd};
  options.live = is_terminal(fd) && term && *term && !says("TERM", "dumb");
  options.on_github = github_job().has_value();
  options.colour = options.live && !(no_colour && *no_colour);
  return options;
}

std::unique_ptr<EventSink> make_console(const ConsoleOptions& options, const Clock& clock) {
  return std::make_unique<Console>(options, clock);
}

}  // namespace mlpipe
