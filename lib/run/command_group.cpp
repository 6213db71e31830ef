#include "run/command_group.h"

#include <csignal>
#include <utility>

namespace mlpipe {

CommandGroup::CommandGroup(EventLoop& loop, std::vector<CommandSpec> specs, OnText on_text, OnEnd on_end)
    : on_end_(std::move(on_end)), left_(specs.size()) {
  for (std::size_t rank = 0; rank < specs.size(); ++rank)
    tasks_.push_back(std::make_unique<CommandTask>(
        loop, std::move(specs[rank]), [on_text, rank](bool is_stderr, std::string_view text) { on_text(rank, is_stderr, text); },
        [this, rank](const CommandEnd& end) { ended(rank, end); }));
}

Status CommandGroup::start() {
  for (const auto& task : tasks_) MLPIPE_TRY_VOID(task->start());
  return {};
}

void CommandGroup::stop(ErrorKind kind, int signal) {
  for (const auto& task : tasks_) task->stop(kind, signal);
}

void CommandGroup::kill(ErrorKind kind) {
  for (const auto& task : tasks_) task->kill(kind);
}

std::vector<pid_t> CommandGroup::processes() const {
  std::vector<pid_t> living;
  for (const auto& task : tasks_)
    if (task->pid() > 0) living.push_back(task->pid());
  return living;
}

// Those that are stopped because of it end as stopped, and tell nothing of the cause.
void CommandGroup::ended(std::size_t rank, const CommandEnd& end) {
  const bool well = end.status.ok() && !end.cut_short;
  if (!well && !failed_) {
    failed_.emplace(rank, end);
    if (left_ > 1) stop(ErrorKind::step_failed, SIGTERM);
  }
  if (--left_ > 0) return;
  const auto [of, last] = failed_.value_or(std::pair(rank, end));
  const auto on_end = std::exchange(on_end_, nullptr);
  on_end(of, last);
}

}  // namespace mlpipe
