// Python workers: a fresh interpreter each, in a folder of its own, as Azure's are.
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "batch/workers/frames.h"
#include "batch/workers/launcher.h"
#include "batch/workers/worker_environment.h"
#include "batch/workers/worker_logs.h"
#include "system/host.h"

namespace mlpipe {
namespace {

struct Pipes {
  Fd socket, worker_socket, out, worker_out, err, worker_err;
};

Result<Pipes> make_pipes() {
  MLPIPE_TRY(auto sockets, socket_pair());
  MLPIPE_TRY(auto out, make_pipe());
  MLPIPE_TRY(auto err, make_pipe());
  Pipes pipes{std::move(sockets.first), std::move(sockets.second), std::move(out.first),
              std::move(out.second),    std::move(err.first),      std::move(err.second)};
  for (const Fd* ours : {&pipes.socket, &pipes.out, &pipes.err}) set_nonblocking(ours->get());
  return pipes;
}

class PythonLauncher : public WorkerLauncher {
 public:
  PythonLauncher(EventLoop& loop, const ParallelJob& job) : loop_(loop), job_(job) {}

  ~PythonLauncher() override {
    for (const auto& [key, timer] : timers_) loop_.cancel(timer);
    for (auto& [number, worker] : workers_) end(worker);
  }

  void launch(int number, std::function<void(Result<WorkerProcess>)> done) override {
    auto started = std::make_shared<Result<WorkerProcess>>(start(number));
    post([started, done = std::move(done)] { done(std::move(*started)); });
  }

  void collect(int number, std::function<void(ExitStatus)> done) override {
    const auto status = end(workers_[number]);
    workers_.erase(number);
    post([status, done = std::move(done)] { done(status); });
  }

  void kill(int number) override {
    if (const auto worker = workers_.find(number); worker != workers_.end()) worker->second.child.signal_group(SIGKILL);
  }

  bool ask_for_stacks(int number) override {
    const auto worker = workers_.find(number);
    return worker != workers_.end() && ::syscall(SYS_pidfd_send_signal, worker->second.child.pidfd(), stack_signal, nullptr, 0) == 0;
  }

 private:
  struct Worker {
    Child child;
    Path folder;
  };

  Result<WorkerProcess> start(int number) {
    const auto harness = find_module("python/mlpipe_worker.py");
    if (!harness) return Error{ErrorKind::step_failed, "python/mlpipe_worker.py is missing beside mlpipe", "install mlpipe again"};
    MLPIPE_TRY(auto pipes, make_pipes());
    // Never the folder of a predecessor: what that left behind must not meet its successor.
    Worker worker{{}, job_.scratch / (worker_name(number) + "-" + std::to_string(++launches_))};
    MLPIPE_TRY_VOID(make_dirs(worker.folder));
    ProcessSpec spec{{job_.python, harness->string()}, worker.folder, python_environment(job_, number), -1, pipes.worker_out.get(), pipes.worker_err.get(), {}};
    spec.pass = {pipes.worker_socket.get()};
    auto child = Child::spawn(spec);
    if (!child) {
      (void)remove_tree(worker.folder);
      return child.error();
    }
    worker.child = child.take();
    auto pidfd = duplicate(worker.child.pidfd());
    if (!pidfd) {
      end(worker);
      return pidfd.error();
    }
    WorkerProcess process{worker.child.pid(), pidfd.take(), std::move(pipes.socket), std::move(pipes.out), std::move(pipes.err)};
    workers_[number] = std::move(worker);
    return process;
  }

  static ExitStatus end(Worker& worker) {
    if (worker.child.running()) worker.child.signal_group(SIGKILL);
    const auto status = worker.child.running() ? worker.child.reap() : ExitStatus{};
    (void)remove_tree(worker.folder);
    return status;
  }

  void post(std::function<void()> action) {
    const auto key = ++posts_;
    timers_[key] = loop_.after(std::chrono::nanoseconds(0), [this, key, action = std::move(action)] {
      timers_.erase(key);
      action();
    });
  }

  EventLoop& loop_;
  const ParallelJob& job_;
  std::map<int, Worker> workers_;
  std::map<std::uint64_t, EventLoop::TimerId> timers_;
  std::uint64_t posts_ = 0;
  int launches_ = 0;
};

}  // namespace

std::unique_ptr<WorkerLauncher> make_python_launcher(EventLoop& loop, const ParallelJob& job) {
  return std::make_unique<PythonLauncher>(loop, job);
}

}  // namespace mlpipe
