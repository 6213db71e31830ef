#include "batch/workers/fork_launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <fmt/format.h>


namespace mlpipe {
namespace {

constexpr int most_server_deaths = 3;

ExitStatus exit_status(const server_wire::Exited& exited) {
  ExitStatus status;
  status.signal = WIFSIGNALED(exited.status) ? WTERMSIG(exited.status) : 0;
  status.code = status.signal ? 128 + status.signal : WEXITSTATUS(exited.status);
  status.peak_rss = exited.peak_rss;
  status.cpu = std::chrono::microseconds(exited.cpu_us);
  return status;
}

// Workers die with their fork server; nobody is left who could say how.
ExitStatus died_with_server() {
  ExitStatus status;
  status.signal = SIGKILL;
  status.code = 128 + SIGKILL;
  return status;
}

// A module gives one text; its remedy is a line of its own.
Error error_of(const std::string& reason) {
  constexpr std::string_view mark = "\nhint: ";
  const auto at = reason.find(mark);
  if (at == std::string::npos) return {ErrorKind::step_failed, reason, ""};
  return {ErrorKind::step_failed, reason.substr(0, at), reason.substr(at + mark.size())};
}

bool has_ended(const Fd& pidfd) {
  pollfd ended{pidfd.get(), POLLIN, 0};
  return ::poll(&ended, 1, 0) == 1;
}

}  // namespace

ForkLauncher::ForkLauncher(EventLoop& loop, Path folder, Result<ForkServer> server)
    : loop_(loop), folder_(std::move(folder)), kind_(std::move(server)) {}

ForkLauncher::~ForkLauncher() {
  if (control_) loop_.forget(control_.get());
  std::error_code ignored;
  if (kind_ && std::filesystem::file_size(kind_->log, ignored) == 0 && !ignored) std::filesystem::remove(kind_->log, ignored);
}

void ForkLauncher::launch(int number, Launched done) {
  workers_[number] = Worker();
  workers_[number].launched = std::move(done);
  // Later, since `done` must not be called from here.
  loop_.after({}, [this, alive = std::weak_ptr(alive_)] {
    if (!alive.lock()) return;
    if (unopened_) return fail_waiting(*unopened_);
    if (!control_) {
      if (const auto started = start_server(); !started) return fail_waiting(started.error());
    }
    ask_for_workers();
  });
}

void ForkLauncher::collect(int number, Collected done) {
  workers_[number].collected = std::move(done);
  if (workers_[number].exit) finish_collect(number);
}

void ForkLauncher::kill(int number) {
  const auto found = workers_.find(number);
  if (found == workers_.end()) return;
  if (found->second.launched) return cancel(found->second);
  if (!found->second.pidfd) return;
  const Worker& worker = found->second;
  // While it has not ended its pid is its own; once it has, the fork server kills what is left of the group.
  if (!has_ended(worker.pidfd)) ::kill(-worker.pid, SIGKILL);
  ::syscall(SYS_pidfd_send_signal, worker.pidfd.get(), SIGKILL, nullptr, 0);
}

bool ForkLauncher::ask_for_stacks(int number) {
  const auto found = workers_.find(number);
  if (!kind_ || kind_->stack_signal == 0 || found == workers_.end() || !found->second.pidfd) return false;
  return ::syscall(SYS_pidfd_send_signal, found->second.pidfd.get(), kind_->stack_signal, nullptr, 0) == 0;
}

void ForkLauncher::cancel(Worker& worker) {
  worker.cancelled = true;
  loop_.after({}, [this, alive = std::weak_ptr(alive_)] {
    if (alive.lock()) settle_cancelled();
  });
}

// A server that only works for those who no longer want it may hang, in a model's file or in its code: it goes. Else one that was
// asked for by a fork will come, and is the caller's to kill.
void ForkLauncher::settle_cancelled() {
  const auto unwanted = [](const auto& entry) { return entry.second.launched && entry.second.cancelled; };
  if (control_ && std::all_of(workers_.begin(), workers_.end(), unwanted)) end_server();
  fail_cancelled();
}

void ForkLauncher::fail_cancelled() {
  fail_waiting({ErrorKind::step_failed, "stopped", ""}, [](const Worker& worker) { return worker.cancelled && !worker.asked; });
}

ExitStatus ForkLauncher::end_server() {
  loop_.forget(control_.get());
  channel_.reset();
  control_.reset();
  opened_ = false;
  server_.signal_group(SIGKILL);
  for (auto& [number, worker] : workers_) worker.asked = false;
  return server_.reap();
}

Result<Fd> ForkLauncher::open_log() { return open_file(kind_->log, O_WRONLY | O_CREAT | O_APPEND); }

Status ForkLauncher::start_server() {
  if (!kind_) return kind_.error();
  MLPIPE_TRY(auto ends, socket_pair());
  MLPIPE_TRY(const Fd log, open_log());
  ProcessSpec spec;
  spec.argv = kind_->argv;
  spec.cwd = folder_;
  spec.environment = kind_->environment;
  spec.out = spec.err = log.get();
  spec.pass = {ends.second.get()};
  MLPIPE_TRY(server_, Child::spawn(spec));
  control_ = std::move(ends.first);
  channel_.emplace(control_.get());
  opened_ = false;
  loop_.watch(control_.get(), EPOLLIN, [this](std::uint32_t) { on_readable(); });
  // When the server died at once, its end of the socket tells.
  static_cast<void>(channel_->send(kind_->open()));
  return {};
}

void ForkLauncher::ask_for_workers() {
  if (!opened_) return;
  std::vector<std::pair<int, Error>> failures;
  for (auto& [number, worker] : workers_) {
    if (!worker.launched || worker.asked || worker.cancelled) continue;
    if (const auto asked = ask_for(number, worker); !asked) failures.emplace_back(number, asked.error());
  }
  for (auto& [number, error] : failures) answer(number, std::move(error));
}

Status ForkLauncher::ask_for(int number, Worker& worker) {
  MLPIPE_TRY(auto socket, socket_pair());
  MLPIPE_TRY(auto out, make_pipe());
  MLPIPE_TRY(auto err, make_pipe());
  worker.asked = true;
  worker.ends = {std::move(socket.first), std::move(out.first), std::move(err.first)};
  for (const Fd* fd : {&worker.ends.socket, &worker.ends.out, &worker.ends.err}) set_nonblocking(fd->get());
  // A send fails only when the server is dead, which EOF tells with its exit status.
  static_cast<void>(channel_->send(server_wire::Fork{static_cast<std::uint32_t>(number)},
                                   {socket.second.get(), out.second.get(), err.second.get()}));
  return {};
}

void ForkLauncher::on_readable() {
  const std::weak_ptr alive(alive_);
  const auto open = channel_->fill(false);
  for (;;) {
    auto received = channel_->next();
    if (!received) return on_server_gone();
    if (!*received) break;
    handle(std::move(**received));
    if (!alive.lock() || !channel_) return;  // a callback destroyed us, or the server with it
  }
  if (!open || !*open) on_server_gone();
}

void ForkLauncher::handle(server_wire::Received received) {
  if (const auto* opened = std::get_if<server_wire::Opened>(&received.message)) {
    const auto taken = kind_->on_opened ? kind_->on_opened(opened->facts) : Status();
    if (!taken) return cannot_open(taken.error());
    opened_ = true;
    return ask_for_workers();
  }
  if (const auto* failed = std::get_if<server_wire::OpenFailed>(&received.message)) return cannot_open(error_of(failed->reason));
  if (const auto* failed = std::get_if<server_wire::ForkFailed>(&received.message)) {
    return answer(static_cast<int>(failed->number), Error{ErrorKind::step_failed, failed->reason, ""});
  }
  if (const auto* exited = std::get_if<server_wire::Exited>(&received.message)) return on_exited(*exited);
  if (const auto* forked = std::get_if<server_wire::Forked>(&received.message)) {
    const int number = static_cast<int>(forked->number);
    if (const auto found = workers_.find(number); found != workers_.end()) {
      on_forked(number, found->second, std::move(received.descriptors[0]), static_cast<pid_t>(forked->pid));
    }
  }
}

void ForkLauncher::cannot_open(Error error) {
  unopened_ = std::move(error);
  end_server();
  fail_waiting(*unopened_);
}

void ForkLauncher::on_forked(int number, Worker& worker, Fd pidfd, pid_t pid) {
  deaths_ = 0;
  worker.pid = pid;
  auto copy = duplicate(pidfd.get());
  if (!copy) {
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
    return answer(number, copy.error());
  }
  worker.pidfd = copy.take();
  auto& ends = worker.ends;
  answer(number, WorkerProcess{pid, std::move(pidfd), std::move(ends.socket), std::move(ends.out), std::move(ends.err)});
}

void ForkLauncher::on_exited(const server_wire::Exited& exited) {
  const auto found = workers_.find(static_cast<int>(exited.number));
  if (found == workers_.end()) return;
  found->second.exit = exit_status(exited);
  if (found->second.collected) finish_collect(found->first);
}

// The server is dead or does not speak our language. Its workers die with it; those still wanted get another server.
void ForkLauncher::on_server_gone() {
  const bool was_open = opened_;
  const ExitStatus status = end_server();
  for (auto& [number, worker] : workers_) {
    if (worker.pid < 0 || worker.exit) continue;
    worker.exit = died_with_server();
    if (worker.collected) finish_collect(number);
  }
  const std::weak_ptr alive(alive_);
  fail_cancelled();
  if (!alive.lock()) return;
  const auto died = fmt::format("{} ended while {}: {}", kind_->name, was_open ? "scoring" : kind_->opening, describe(status));
  const Error error{ErrorKind::step_failed, died, "its output is in " + kind_->log.string()};
  if (!was_open || ++deaths_ >= most_server_deaths) return fail_waiting(error);
  for (const auto& [number, worker] : workers_) {
    if (!worker.launched || worker.cancelled) continue;
    if (const auto started = start_server(); !started) return fail_waiting(started.error());
    return;
  }
}

void ForkLauncher::fail_waiting(Error error, bool (*which)(const Worker&)) {
  std::vector<int> waiting;
  for (const auto& [number, worker] : workers_) {
    if (worker.launched && which(worker)) waiting.push_back(number);
  }
  const std::weak_ptr alive(alive_);
  for (const int number : waiting) {
    if (!alive.lock()) return;
    answer(number, error);
  }
}

void ForkLauncher::answer(int number, Result<WorkerProcess> result) {
  const auto found = workers_.find(number);
  if (found == workers_.end() || !found->second.launched) return;
  const Launched launched = std::exchange(found->second.launched, nullptr);
  if (!result) workers_.erase(found);
  launched(std::move(result));
}

void ForkLauncher::finish_collect(int number) {
  loop_.after({}, [this, number, alive = std::weak_ptr(alive_)] {
    if (!alive.lock()) return;
    const auto found = workers_.find(number);
    const Collected collected = std::move(found->second.collected);
    const ExitStatus status = *found->second.exit;
    workers_.erase(found);
    collected(status);
  });
}

}  // namespace mlpipe
