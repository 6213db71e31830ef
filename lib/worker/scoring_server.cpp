#include "worker/scoring_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "scoring/configuration.h"
#include "scoring/model_facts.h"
#include "base/text.h"
#include "system/process.h"
#include "worker/native_worker.h"
#include "worker/server_channel.h"

namespace mlpipe {
namespace {

constexpr int control_socket = 3;

using server_wire::Received;

std::size_t thread_count() {
  std::error_code ignored;
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) ++count;
  return count;
}

struct Worker {
  std::uint32_t number = 0;
  pid_t pid = -1;
  Fd pidfd;
};

class ScoringServer {
 public:
  // Returns the exit code when the control socket closes, or when it cannot be understood.
  int run() {
    for (;;) {
      wait_for_something();
      report_ended_workers();
      const auto open = channel_.fill(false);
      if (!open || !*open || !serve_requests()) return kill_all();
    }
  }

 private:
  void wait_for_something() {
    std::vector<pollfd> watched{{control_socket, POLLIN, 0}};
    for (const auto& worker : workers_) watched.push_back({worker.pidfd.get(), POLLIN, 0});
    ::poll(watched.data(), watched.size(), -1);
  }

  bool serve_requests() {
    for (;;) {
      auto received = channel_.next();
      if (!received) return false;
      if (!*received) return true;
      if (const auto* open = std::get_if<server_wire::Open>(&(*received)->message)) {
        serve_open(*open);
      } else if (const auto* fork = std::get_if<server_wire::Fork>(&(*received)->message)) {
        serve_fork(fork->number, (*received)->descriptors);
      } else {
        return false;
      }
    }
  }

  // What cannot be sent is noticed as EOF in the next turn.
  void tell(const server_wire::Message& message, const std::vector<int>& descriptors = {}) {
    static_cast<void>(channel_.send(message, descriptors));
  }

  void serve_open(const server_wire::Open& request) {
    const std::string device = device_of(request.configuration);
    one_gpu_each_ = device == "cuda";  // one with a number counts among all that we see
    if (device != "cpu") {
      scorer_ = UnopenedScorer{request.module, request.configuration};
      return tell(server_wire::Opened{to_json(ModelFacts{})});
    }
    const auto opened = open_scorer(request.module, request.configuration);
    if (!opened) return tell(server_wire::OpenFailed{opened.error().message});
    scorer_ = *opened;
    tell(server_wire::Opened{opened->module->facts(opened->scorer)});
  }

  static std::string device_of(const std::string& text) {
    const auto configuration = scoring_configuration_from_json(text);
    return configuration ? configuration->scoring.device : "cpu";
  }

  void serve_fork(std::uint32_t number, const std::vector<Fd>& descriptors) {
    if (!scorer_) return tell(server_wire::ForkFailed{number, "no model is open"});
    // A second thread may hold a lock (of malloc, of OpenMP) that no thread of the child would ever give back.
    if (const auto threads = thread_count(); threads != 1) {
      return tell(server_wire::ForkFailed{number, "the scoring server has " + std::to_string(threads) + " threads and cannot fork safely"});
    }
    const pid_t server = ::getpid(), pid = ::fork();
    if (pid == 0) become_worker(number, server, descriptors);
    if (pid < 0) return tell(server_wire::ForkFailed{number, std::string("cannot fork: ") + std::strerror(errno)});
    ::setpgid(pid, pid);
    adopt(number, pid);
  }

  void adopt(std::uint32_t number, pid_t pid) {
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd) {
      const std::string reason = std::string("cannot watch the worker: ") + std::strerror(errno);
      ::kill(-pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      return tell(server_wire::ForkFailed{number, reason});
    }
    tell(server_wire::Forked{number, static_cast<std::uint32_t>(pid)}, {pidfd.get()});
    workers_.push_back({number, pid, std::move(pidfd)});
  }

  // In the child. Descriptors of the server and of other workers, those of forks to come among them, would keep their ends open:
  // they go.
  [[noreturn]] void become_worker(std::uint32_t number, pid_t server, const std::vector<Fd>& descriptors) {
    if (one_gpu_each_) show_one_gpu(number);
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != server) ::_exit(1);
    ::dup2(descriptors[1].get(), STDOUT_FILENO);
    ::dup2(descriptors[2].get(), STDERR_FILENO);
    const int socket = ::dup2(descriptors[0].get(), control_socket);
    close_descriptors(socket + 1);
    // Not exit: LibTorch's destructors take 70 ms, and the process ends anyway.
    ::_exit(native_worker_main(socket, *scorer_));
  }

  // Of those that we see, the worker's own: with as many workers as GPUs each has one.
  static void show_one_gpu(std::uint32_t number) {
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    const auto gpus = split(visible ? visible : "", ',');
    if (gpus.size() > 1) ::setenv("CUDA_VISIBLE_DEVICES", std::string(trim(gpus[number % gpus.size()])).c_str(), 1);
  }

  void report_ended_workers() {
    std::erase_if(workers_, [this](const Worker& worker) {
      pollfd ended{worker.pidfd.get(), POLLIN, 0};
      if (::poll(&ended, 1, 0) != 1) return false;
      tell(reaped(worker));
      return true;
    });
  }

  static server_wire::Exited reaped(const Worker& worker) {
    ::kill(-worker.pid, SIGKILL);  // what it started; its own pid is still taken, so this hits nobody else
    int status = 0;
    rusage used{};
    while (::wait4(worker.pid, &status, 0, &used) < 0 && errno == EINTR) {
    }
    const auto microseconds = [](const timeval& time) { return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec); };
    return {worker.number, status, static_cast<std::uint64_t>(used.ru_maxrss) * 1024, microseconds(used.ru_utime) + microseconds(used.ru_stime)};
  }

  int kill_all() {
    for (const auto& worker : workers_) ::kill(-worker.pid, SIGKILL);
    for (const auto& worker : workers_) static_cast<void>(reaped(worker));
    return 0;
  }

  server_wire::Channel channel_{control_socket};
  std::optional<std::variant<OpenScorer, UnopenedScorer>> scorer_;
  std::vector<Worker> workers_;
  bool one_gpu_each_ = false;
};

}  // namespace

int scoring_server_main() {
  ScoringServer server;
  ::_exit(server.run());
}

}  // namespace mlpipe
