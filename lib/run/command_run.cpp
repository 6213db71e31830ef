#include "run/command_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/text.h"
#include "run/ranks.h"
#include "system/host.h"

namespace mlpipe {
namespace {

constexpr std::size_t tail_bytes = 8192;
constexpr std::size_t tail_lines = 20;

void add_to_tail(std::string& tail, std::string_view text) {
  tail += text;
  if (tail.size() > 2 * tail_bytes) tail.erase(0, tail.size() - tail_bytes);
}

std::vector<std::string> last_lines(std::string_view tail) {
  std::vector<std::string> lines;
  tail = trim(tail);
  if (tail.empty()) return lines;
  const auto all = split(tail, '\n');
  for (std::size_t i = all.size() > tail_lines ? all.size() - tail_lines : 0; i < all.size(); ++i) lines.emplace_back(all[i]);
  return lines;
}

// What Azure's nodes have. Scripts may use more of it than sh offers.
const char* azure_shell() { return path_exists("/bin/bash") ? "/bin/bash" : "/bin/sh"; }

std::string cause_of(const CommandEnd& end, const Step& step) {
  if (end.cut_short == ErrorKind::timeout) return fmt::format("ran longer than its timeout of {:g} s", step.timeout->count());
  if (end.cut_short) return "stopped";
  return describe(end.status);
}

}  // namespace

Result<std::vector<std::string>> command_words(const Step& step, const StepDescription& description) {
  const Bindings& bindings = description.bindings;
  if (const auto* command = std::get_if<Command>(&step.action))
    return std::vector<std::string>{command->plain_values ? azure_shell() : "/bin/sh", "-c",
                                    resolve(command->text, bindings, command->plain_values ? Quoting::azure : Quoting::shell)};
  if (description.python->interpreter.empty())
    return Error{ErrorKind::step_failed, "there is no Python interpreter on PATH", "install python3, or name one: `environment: {python: ...}`"};
  const Script& script = std::get<Script>(step.action);
  std::vector<std::string> words{description.python->interpreter.string(), script.name.value};
  for (const Template& argument : script.arguments) words.push_back(resolve(argument, bindings, Quoting::none));
  return words;
}

std::vector<CommandSpec> CommandRun::commands(const std::vector<std::string>& words, const std::vector<std::vector<std::string>>& ranks) const {
  std::vector<CommandSpec> specs;
  for (const auto& variables : ranks) {
    specs.push_back({words, workspace_->code(), with_variables(environment_, variables), step_.timeout});
  }
  return specs;
}

std::string CommandRun::rank_name(std::size_t rank) const { return editors_.size() > 1 ? fmt::format("rank {}", rank) : std::string(); }

// Beside the private copy: made anew with it at each try.
Result<Path> CommandRun::outputs_folder() { return context_.recorder.work_folder(step_.name) / "outputs"; }

Path CommandRun::kept_outputs() { return workspace_->keep_outputs(step_, context_.recorder.step_folder(step_.name) / "failed-outputs"); }

Status CommandRun::start_work() {
  MLPIPE_TRY(const std::vector<std::string> words, command_words(step_, description_));
  MLPIPE_TRY(const auto ranks, rank_variables(step_.distribution));
  editors_.assign(ranks.size(), Editors{StreamEditor(replacements()), StreamEditor(replacements())});
  oom_kills_ = context_.oom_count.at(context_.clock.steady());
  printed_ = 0;
  task_ = std::make_unique<CommandGroup>(
      context_.loop, commands(words, ranks), [this](std::size_t rank, bool is_stderr, std::string_view text) { on_text(rank, is_stderr, text); },
      [this](std::size_t rank, const CommandEnd& end) { tried(rank, end); });
  return task_->start();
}

void CommandRun::stop(ErrorKind kind) {
  stopping_ = true;
  stop_kind_ = kind;
  task_->stop(kind, kind == ErrorKind::interrupted ? SIGINT : SIGTERM);
}

void CommandRun::kill(ErrorKind kind) {
  stopping_ = true;
  stop_kind_ = kind;
  task_->kill(kind);
}

void CommandRun::on_text(std::size_t rank, bool is_stderr, std::string_view text) {
  printed_ += text.size();
  add_to_tail(is_stderr ? editors_[rank].err_tail : editors_[rank].out_tail, text);
  emit_text(is_stderr ? editors_[rank].err : editors_[rank].out, rank_name(rank), is_stderr, text);
}

void CommandRun::flush_text() {
  for (std::size_t rank = 0; rank < editors_.size(); ++rank)
    for (const bool is_stderr : {false, true})
      if (std::string rest = (is_stderr ? editors_[rank].err : editors_[rank].out).flush(); !rest.empty())
        context_.events.on(StepOutputText{step_.name, rank_name(rank), is_stderr, std::move(rest)});
}

void CommandRun::tried(std::size_t rank, const CommandEnd& end) {
  failed_rank_ = rank;
  flush_text();
  record_.exit_code = end.status.signal ? 0 : end.status.code;
  record_.signal = end.status.signal;
  add_facts(end);
  if (end.status.ok() && !end.cut_short) return succeed({});
  const std::string cause = cause_of(end, step_);
  if (!stopping_ && record_.tries <= step_.retries) return try_again(cause);
  give_up(end, cause);
}

// Through the loop: the task whose end this is must not be replaced from inside its own callback.
void CommandRun::try_again(const std::string& cause) {
  ++record_.tries;
  context_.events.on(StepRetried{step_.name, cause, record_.tries});
  context_.loop.after(std::chrono::nanoseconds(0), [this, cause] {
    if (stopping_) return fail(stop_kind_, cause, {});
    auto made = make_workspace();
    const Status started = !made    ? Status(made.error())
                           : !*made ? Status(Error{ErrorKind::step_failed, "its source changed between two tries", "run it again"})
                                    : start_work();
    if (!started) fail(started.error().kind, started.error().message, {});
  });
}

// Each try anew.
void CommandRun::add_facts(const CommandEnd& end) {
  const Editors& ended = editors_[failed_rank_];
  facts_.output = edited(ended.err_tail, replacements());
  facts_.printed = edited(ended.out_tail, replacements());
  facts_.exit_code = end.status.signal ? 0 : end.status.code;
  facts_.signal = end.cut_short ? 0 : end.status.signal;  // that was ours
  facts_.peak_memory = end.status.peak_rss;
  facts_.out_of_memory = facts_.signal == SIGKILL && oom_kills() > oom_kills_;
  facts_.writes = end.writes.calls;
  facts_.written_bytes = end.writes.bytes;
  facts_.printed_bytes = printed_;
}

void CommandRun::give_up(const CommandEnd& end, const std::string& cause) {
  StepEnded event;
  const Editors& failed = editors_[failed_rank_];
  event.details = last_lines(edited(failed.err_tail.empty() ? failed.out_tail : failed.err_tail, replacements()));
  event.log = context_.recorder.logs_folder(step_.name) / "user_logs/std_log.txt";
  fail(end.cut_short.value_or(ErrorKind::step_failed), cause, std::move(event));
}

}  // namespace mlpipe
