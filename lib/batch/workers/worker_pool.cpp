#include "batch/workers/worker_pool.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <csignal>

#include <fmt/format.h>

#include "base/units.h"
#include "batch/workers/hang.h"

namespace mlpipe {
namespace {

constexpr std::size_t chunk_size = 256u << 10;
// A pipe holds 1 MB at most. At a worker's end one chunk at a time may come; whoever goes on writing then is a grandchild that got away.
constexpr int turns_for_a_pipe = 8, turns_at_the_end = 32;
constexpr std::size_t longest_stack = 1u << 20;
// Between the end of a worker's socket and the end of its process: a large address space takes a while to go.
constexpr auto patience_after_socket = std::chrono::seconds(2);
// A worker that is out of time writes its stacks within a few milliseconds, unless the machine is very busy.
constexpr auto patience_for_stacks = std::chrono::milliseconds(250);
// What a worker may still do after it said bye: join its threads.
constexpr auto patience_after_bye = std::chrono::seconds(10);

std::chrono::nanoseconds in_nanoseconds(Seconds time) { return std::chrono::duration_cast<std::chrono::nanoseconds>(time); }

std::string describe_end(const ExitStatus& status) {
  if (status.signal != SIGKILL) return "the worker process ended: " + describe(status);
  return fmt::format("the worker process was killed by a SIGKILL that mlpipe did not send; its peak memory was {}", format_bytes(status.peak_rss));
}

const char* name_of(WorkerEnd::During during) {
  switch (during) {
    case WorkerEnd::During::init: return "init()";
    case WorkerEnd::During::work: return "run()";
    case WorkerEnd::During::stop: return "shutdown()";
  }
  return "";
}

}  // namespace

WorkerPool::WorkerPool(EventLoop& loop, const Clock& clock, WorkerLauncher& launcher, WorkerPoolOwner& owner, int workers, Seconds limit,
                       std::string limit_text)
    : loop_(loop),
      clock_(clock),
      launcher_(launcher),
      owner_(owner),
      workers_(static_cast<std::size_t>(workers)),
      limit_(in_nanoseconds(limit)),
      limit_text_(std::move(limit_text)),
      chunk_(new char[chunk_size]) {}

WorkerPool::~WorkerPool() {
  for (int worker = 0; worker < size(); ++worker) {
    if (at(worker).process.pid > 0) launcher_.kill(worker);
    release(at(worker));
  }
}

void WorkerPool::start(int worker) {
  auto& w = at(worker);
  assert(w.state == State::absent);
  w = Worker{};
  w.state = State::launching;
  w.end.during = WorkerEnd::During::init;
  ++alive_;
  set_deadline(worker, limit_);
  launcher_.launch(worker, [this, worker](Result<WorkerProcess> process) { arrived(worker, std::move(process)); });
}

void WorkerPool::arrived(int worker, Result<WorkerProcess> process) {
  auto& w = at(worker);
  if (!process) return cannot_launch(worker, process.error());
  w.process = process.take();
  w.state = State::initialising;
  watch(worker);
  if (w.end.timed_out) return end(worker, late_start());
  if (w.kill_on_arrival) return kill(worker);
  set_deadline(worker, limit_);
  send(worker, owner_.init_frame(worker));
}

void WorkerPool::cannot_launch(int worker, const Error& error) {
  auto& w = at(worker);
  const auto end = std::move(w.end);
  const bool wanted = w.kill_on_arrival;
  release(w);
  w.state = State::absent;
  --alive_;
  if (wanted) return owner_.on_gone(worker, {end.during, true, false, "stopped", {}, {}});
  if (!end.timed_out) return owner_.on_cannot_launch(worker, error);
  owner_.on_cannot_launch(worker, {ErrorKind::timeout, late_start(), "a model that takes long to load needs a longer run_invocation_timeout"});
}

bool WorkerPool::has_begun() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const Worker& w) { return w.state != State::absent && w.state != State::launching; });
}

std::string WorkerPool::late_start() const { return fmt::format("the worker did not start within {}", limit_text_); }

void WorkerPool::watch(int worker) {
  const auto& process = at(worker).process;
  loop_.watch(process.socket.get(), EPOLLIN, [this, worker](std::uint32_t events) { on_socket(worker, events); });
  loop_.watch(process.out.get(), EPOLLIN, [this, worker](std::uint32_t) { on_pipe(worker, false); });
  loop_.watch(process.err.get(), EPOLLIN, [this, worker](std::uint32_t) { on_pipe(worker, true); });
  loop_.watch(process.pidfd.get(), EPOLLIN, [this, worker](std::uint32_t) { ended(worker); });
}

void WorkerPool::on_socket(int worker, std::uint32_t events) {
  if (events & EPOLLOUT) flush(worker);
  if (at(worker).process.socket && (events & ~EPOLLOUT)) read_socket(worker);
}

void WorkerPool::read_socket(int worker) {
  auto& w = at(worker);
  const auto got = ::recv(w.process.socket.get(), chunk_.get(), chunk_size, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return socket_ended(worker);
  if (!listening(w)) return;
  w.reader.feed({chunk_.get(), static_cast<std::size_t>(got)});
  take_messages(worker);
}

bool WorkerPool::prints_come_first(int worker, const wire::FromWorker& message) const {
  const auto* result = std::get_if<wire::MiniBatchResult>(&message);
  return !result || result->printed || !owner_.works_ahead(worker);
}

// Of one that works ahead, answers that were sent before this text may not have been read yet.
void WorkerPool::on_pipe(int worker, bool is_stderr) {
  if (at(worker).process.socket && owner_.works_ahead(worker)) read_socket(worker);
  read_pipe(worker, is_stderr);
}

void WorkerPool::drain_pipes(int worker, int turns) {
  for (const bool is_stderr : {false, true})
    for (int turn = 0; turn < turns && read_pipe(worker, is_stderr); ++turn) {
    }
}

void WorkerPool::take_messages(int worker) {
  auto& w = at(worker);
  while (listening(w)) {
    auto message = w.reader.next();
    if (!message) return end(worker, message.error().message);
    if (!*message) return;
    if (prints_come_first(worker, **message)) drain_pipes(worker, turns_for_a_pipe);
    handle(worker, std::move(**message));
  }
}

void WorkerPool::handle(int worker, wire::FromWorker message) {
  auto& w = at(worker);
  if (w.state == State::initialising) {
    if (std::holds_alternative<wire::Ready>(message)) {
      w.state = State::ready;
      w.end.during = WorkerEnd::During::work;
      stop_clock(worker);
      return owner_.on_ready(worker);
    }
    if (auto* failed = std::get_if<wire::InitFailed>(&message)) {
      w.end.init = std::move(*failed);
      return end(worker, "init() failed: " + w.end.init.summary);
    }
  } else if (auto* result = std::get_if<wire::MiniBatchResult>(&message)) {
    return owner_.on_result(worker, std::move(*result));
  } else if (auto* failed = std::get_if<wire::MiniBatchFailed>(&message)) {
    return owner_.on_failed(worker, std::move(*failed));
  } else if (auto* header = std::get_if<wire::RowsHeader>(&message)) {
    return owner_.on_header(worker, std::move(*header));
  } else if (auto* bye = std::get_if<wire::Bye>(&message); bye && w.state == State::stopping) {
    w.said_bye = true;
    set_deadline(worker, patience_after_bye);
    if (!bye->error.empty()) owner_.on_shutdown_error(worker, bye->error);
    return;
  }
  end(worker, "the worker sent a message out of turn");
}

void WorkerPool::send(int worker, std::string frame) {
  auto& w = at(worker);
  if (!w.process.socket) return;
  const bool idle = w.outbox.empty();
  if (idle) {
    w.outbox = std::move(frame);
    flush(worker);
  } else {
    w.outbox += frame;
  }
}

void WorkerPool::flush(int worker) {
  auto& w = at(worker);
  const auto sent = ::send(w.process.socket.get(), w.outbox.data(), w.outbox.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  // A worker that is gone says so through its other descriptors.
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return w.outbox.clear();
  if (sent > 0) w.outbox.erase(0, static_cast<std::size_t>(sent));
  if (w.writing == !w.outbox.empty()) return;
  w.writing = !w.writing;
  loop_.change(w.process.socket.get(), w.writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void WorkerPool::socket_ended(int worker) {
  auto& w = at(worker);
  loop_.forget(w.process.socket.get());
  w.process.socket.reset();
  if (!listening(w)) return;
  set_deadline(worker, patience_after_socket);
}

// False: there is nothing more to read for now.
bool WorkerPool::read_pipe(int worker, bool is_stderr) {
  auto& pipe = is_stderr ? at(worker).process.err : at(worker).process.out;
  if (!pipe) return false;
  const auto got = ::read(pipe.get(), chunk_.get(), chunk_size);
  if (got > 0) {
    const std::string_view text(chunk_.get(), static_cast<std::size_t>(got));
    auto& w = at(worker);
    if (is_stderr && w.asked_for_stacks && w.end.stack.size() < longest_stack) w.end.stack += text;
    owner_.on_printed(worker, is_stderr, text);
    return true;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  loop_.forget(pipe.get());
  pipe.reset();
  return false;
}

void WorkerPool::ended(int worker) {
  auto& w = at(worker);
  loop_.forget(w.process.pidfd.get());
  w.gone = true;
  while (w.process.socket && listening(w)) {
    const auto got = ::recv(w.process.socket.get(), chunk_.get(), chunk_size, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    w.reader.feed({chunk_.get(), static_cast<std::size_t>(got)});
    take_messages(worker);
  }
  drain_pipes(worker, turns_at_the_end);
  w.state = State::collecting;
  if (w.timer) loop_.cancel(std::exchange(w.timer, 0));
  launcher_.collect(worker, [this, worker](const ExitStatus& status) { collected(worker, status); });
}

void WorkerPool::collected(int worker, const ExitStatus& status) {
  auto& w = at(worker);
  auto end = std::move(w.end);
  end.status = status;
  explain_hang(end.cause, end.stack);
  if (w.said_bye && status.ok()) end.wanted = true;
  end.by_itself = end.cause.empty();
  if (end.by_itself) end.cause = describe_end(status);
  release(w);
  w.state = State::absent;
  --alive_;
  owner_.on_gone(worker, end);
}

void WorkerPool::release(Worker& w) {
  if (w.timer) loop_.cancel(std::exchange(w.timer, 0));
  for (Fd* fd : {&w.process.pidfd, &w.process.socket, &w.process.out, &w.process.err}) {
    if (*fd) loop_.forget(fd->get());
    fd->reset();
  }
  w.process.pid = -1;
}

void WorkerPool::begin_clock(int worker) { set_deadline(worker, limit_); }
void WorkerPool::stop_clock(int worker) { at(worker).deadline.reset(); }

// A timer is set only when none runs: one that fires too early finds the deadline moved and waits for the rest, so that
// a mini-batch costs no timer of its own.
void WorkerPool::set_deadline(int worker, std::chrono::nanoseconds limit) {
  auto& w = at(worker);
  w.deadline = clock_.steady() + limit;
  if (w.timer && *w.deadline < w.timer_due) loop_.cancel(std::exchange(w.timer, 0));
  if (!w.timer) set_timer(worker, limit);
}

void WorkerPool::set_timer(int worker, std::chrono::nanoseconds delay) {
  at(worker).timer_due = clock_.steady() + delay;
  at(worker).timer = loop_.after(delay, [this, worker] { on_timer(worker); });
}

void WorkerPool::on_timer(int worker) {
  auto& w = at(worker);
  w.timer = 0;
  if (!w.deadline) return;
  const auto left = *w.deadline - clock_.steady();
  if (left > left.zero()) return set_timer(worker, left);
  overdue(worker);
}

void WorkerPool::overdue(int worker) {
  auto& w = at(worker);
  if (w.state == State::explaining) return end(worker, std::move(w.end.cause));
  if (w.state == State::launching) {
    w.end.timed_out = true;
    w.deadline.reset();
    return launcher_.kill(worker);
  }
  // Its answer may have come while we were busy.
  if (w.process.socket) read_socket(worker);
  if (!listening(w) || !w.deadline || *w.deadline > clock_.steady()) return;
  if (!w.process.socket) return end(worker, "the worker closed its connection to mlpipe");
  w.end.timed_out = true;
  out_of_time(worker, w.said_bye ? "threads of the script kept the worker from ending"
                                 : fmt::format("{} took longer than {}", name_of(w.end.during), limit_text_));
}

void WorkerPool::out_of_time(int worker, std::string cause) {
  auto& w = at(worker);
  w.asked_for_stacks = launcher_.ask_for_stacks(worker);
  if (!w.asked_for_stacks) return end(worker, std::move(cause));
  w.end.cause = std::move(cause);
  w.state = State::explaining;
  set_deadline(worker, patience_for_stacks);
}

void WorkerPool::end(int worker, std::string cause) {
  auto& w = at(worker);
  w.end.cause = std::move(cause);
  w.state = State::ending;
  w.deadline.reset();
  launcher_.kill(worker);
}

void WorkerPool::finish(int worker) {
  auto& w = at(worker);
  if (w.state == State::stopping) return;
  if (w.state != State::ready) return kill(worker);
  w.state = State::stopping;
  w.end.during = WorkerEnd::During::stop;
  set_deadline(worker, limit_);
  send(worker, wire::encode(wire::ToWorker(wire::Stop{})));
}

void WorkerPool::kill(int worker) {
  auto& w = at(worker);
  if (w.state == State::launching) {
    w.kill_on_arrival = true;
    launcher_.kill(worker);
  }
  if (w.state == State::explaining) end(worker, std::move(w.end.cause));
  if (w.state == State::ending) w.end.wanted = true;
  if (!listening(w)) return;
  w.end.wanted = true;
  end(worker, "stopped");
}

void WorkerPool::kill_all() {
  for (int worker = 0; worker < size(); ++worker) kill(worker);
}

}  // namespace mlpipe
