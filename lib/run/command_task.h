// One try of a command step: a process group, its output, its time limit, its end.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "system/event_loop.h"
#include "system/process.h"
#include "system/process_io.h"

namespace mlpipe {

struct CommandSpec {
  std::vector<std::string> argv;
  Path cwd;
  std::vector<std::string> environment;
  std::optional<Seconds> timeout;
};

struct CommandEnd {
  ExitStatus status;
  std::optional<ErrorKind> cut_short;  // timeout, or the kind that stop() was given
  WriteCounts writes;
};

class CommandTask {
 public:
  using OnText = std::function<void(bool is_stderr, std::string_view text)>;
  using OnEnd = std::function<void(const CommandEnd& end)>;  // once, last; the task may be destroyed in it

  CommandTask(EventLoop& loop, CommandSpec spec, OnText on_text, OnEnd on_end);
  ~CommandTask();  // kills what still runs

  Status start();
  // Politely: `signal` to the group, SIGKILL when it has not ended after a while.
  void stop(ErrorKind kind, int signal);
  void kill(ErrorKind kind);
  pid_t pid() const { return child_.pid(); }  // -1: it has ended

 private:
  struct Stream {
    Fd fd;
    bool is_stderr = false;
  };

  void read_from(Stream& stream);
  void close_stream(Stream& stream);
  void child_ended();
  void maybe_finish();

  EventLoop* loop_;
  CommandSpec spec_;
  OnText on_text_;
  OnEnd on_end_;
  Child child_;
  Stream out_, err_;
  CommandEnd end_;
  bool ended_ = false;
  EventLoop::TimerId limit_ = 0, grace_ = 0, drain_ = 0;
};

}  // namespace mlpipe
