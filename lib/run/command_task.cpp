#include "run/command_task.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace mlpipe {
namespace {

using namespace std::chrono_literals;

// How long a step may take to end after a polite signal.
constexpr auto grace_period = 5s;
// A process that left the group may still hold the pipe: what it writes later is nobody's.
constexpr auto drain_period = 200ms;

}  // namespace

CommandTask::CommandTask(EventLoop& loop, CommandSpec spec, OnText on_text, OnEnd on_end)
    : loop_(&loop), spec_(std::move(spec)), on_text_(std::move(on_text)), on_end_(std::move(on_end)) {
  err_.is_stderr = true;
}

CommandTask::~CommandTask() {
  for (const auto timer : {limit_, grace_, drain_}) loop_->cancel(timer);
  close_stream(out_);
  close_stream(err_);
  if (child_.running()) loop_->forget(child_.pidfd());
}

Status CommandTask::start() {
  MLPIPE_TRY(auto out, make_pipe());
  MLPIPE_TRY(auto err, make_pipe());
  ProcessSpec process;
  process.argv = spec_.argv;
  process.cwd = spec_.cwd;
  process.environment = spec_.environment;
  process.out = out.second.get();
  process.err = err.second.get();
  MLPIPE_TRY(child_, Child::spawn(process));
  out_.fd = std::move(out.first);
  err_.fd = std::move(err.first);
  for (Stream* stream : {&out_, &err_}) {
    set_nonblocking(stream->fd.get());
    loop_->watch(stream->fd.get(), EPOLLIN, [this, stream](std::uint32_t) { read_from(*stream); });
  }
  loop_->watch(child_.pidfd(), EPOLLIN, [this](std::uint32_t) { child_ended(); });
  if (spec_.timeout)
    limit_ = loop_->after(std::chrono::duration_cast<std::chrono::nanoseconds>(*spec_.timeout), [this] { stop(ErrorKind::timeout, SIGTERM); });
  return {};
}

void CommandTask::stop(ErrorKind kind, int signal) {
  if (ended_ || end_.cut_short) return;
  end_.cut_short = kind;
  child_.signal_group(signal);
  grace_ = loop_->after(kind == ErrorKind::timeout ? 2s : grace_period, [this] { child_.signal_group(SIGKILL); });
}

void CommandTask::kill(ErrorKind kind) {
  if (ended_) return;
  if (!end_.cut_short) end_.cut_short = kind;
  child_.signal_group(SIGKILL);
}

void CommandTask::read_from(Stream& stream) {
  char buffer[65536];
  const ssize_t got = ::read(stream.fd.get(), buffer, sizeof buffer);
  if (got > 0) {
    on_text_(stream.is_stderr, {buffer, static_cast<std::size_t>(got)});
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    close_stream(stream);
    maybe_finish();
  }
}

void CommandTask::close_stream(Stream& stream) {
  if (!stream.fd) return;
  loop_->forget(stream.fd.get());
  stream.fd.reset();
}

void CommandTask::child_ended() {
  loop_->forget(child_.pidfd());
  end_.writes = writes_of(child_.pid());
  end_.status = child_.reap();
  ended_ = true;
  drain_ = loop_->after(drain_period, [this] {
    close_stream(out_);
    close_stream(err_);
    maybe_finish();
  });
  maybe_finish();
}

void CommandTask::maybe_finish() {
  if (!ended_ || out_.fd || err_.fd) return;
  const OnEnd on_end = std::move(on_end_);
  on_end_ = nullptr;
  if (on_end) on_end(end_);
}

}  // namespace mlpipe
