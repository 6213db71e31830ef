// The processes of one try of a command, started together. One that fails stops the others.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "run/command_task.h"

namespace mlpipe {

class CommandGroup {
 public:
  using OnText = std::function<void(std::size_t rank, bool is_stderr, std::string_view text)>;
  using OnEnd = std::function<void(std::size_t rank, const CommandEnd& end)>;

  // `specs`: one a process, in the order of their ranks. on_end: once, last, with the rank and end of the first that failed, else of the
  // last that ended; the group may be destroyed in it.
  CommandGroup(EventLoop& loop, std::vector<CommandSpec> specs, OnText on_text, OnEnd on_end);

  // Error: one could not be started; those that were are gone with the group.
  Status start();
  void stop(ErrorKind kind, int signal);
  void kill(ErrorKind kind);
  std::vector<pid_t> processes() const;  // the living

 private:
  void ended(std::size_t rank, const CommandEnd& end);

  std::vector<std::unique_ptr<CommandTask>> tasks_;
  OnEnd on_end_;
  std::size_t left_;
  std::optional<std::pair<std::size_t, CommandEnd>> failed_;
};

}  // namespace mlpipe
