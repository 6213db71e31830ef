// Workers out of a fork server: a process that has loaded once what all of them need (worker/server_channel.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "batch/workers/launcher.h"
#include "worker/server_channel.h"

namespace mlpipe {

// A process that forks workers, and what it is told first.
struct ForkServer {
  std::vector<std::string> argv;
  std::function<server_wire::Open()> open;  // asked whenever one is started
  std::vector<std::string> environment;
  Path log;                    // its stdout and stderr; removed when it stays empty
  std::string name, opening;   // "the scoring server", "loading the model"
  int stack_signal = 0;        // makes its workers write their stacks; 0: none does
  std::function<Status(const std::string& facts)> on_opened{};  // before the first worker; an error: none can start
};

class ForkLauncher final : public WorkerLauncher {
 public:
  ForkLauncher(EventLoop& loop, Path folder, Result<ForkServer> server);
  ~ForkLauncher() override;

  void launch(int number, std::function<void(Result<WorkerProcess>)> done) override;
  void collect(int number, std::function<void(ExitStatus)> done) override;
  void kill(int number) override;
  bool ask_for_stacks(int number) override;

 private:
  using Launched = std::function<void(Result<WorkerProcess>)>;
  using Collected = std::function<void(ExitStatus)>;

  // Our ends of what a worker is connected by.
  struct Ends {
    Fd socket, out, err;
  };
  // Launched, or being launched, and not yet collected.
  struct Worker {
    Launched launched;  // set until it was called
    Ends ends;
    bool asked = false;  // the fork server has been asked for it
    bool cancelled = false;  // killed while it was being launched
    pid_t pid = -1;
    Fd pidfd;
    std::optional<ExitStatus> exit;
    Collected collected;
  };

  Status start_server();
  Result<Fd> open_log();
  void ask_for_workers();
  Status ask_for(int number, Worker& worker);

  void on_readable();
  void handle(server_wire::Received received);
  void cannot_open(Error error);
  void on_forked(int number, Worker& worker, Fd pidfd, pid_t pid);
  void on_exited(const server_wire::Exited& exited);
  void on_server_gone();
  ExitStatus end_server();
  void cancel(Worker& worker);
  void settle_cancelled();
  void fail_cancelled();
  void fail_waiting(Error error, bool (*which)(const Worker&) = [](const Worker&) { return true; });
  void answer(int number, Result<WorkerProcess> result);
  void finish_collect(int number);

  EventLoop& loop_;
  Path folder_;               // the server's working directory
  Result<ForkServer> kind_;
  Child server_;
  Fd control_;
  std::optional<server_wire::Channel> channel_;
  bool opened_ = false;      // the model is loaded
  std::optional<Error> unopened_;  // why the model cannot be; there is no other answer for later workers
  int deaths_ = 0;           // of fork servers, since one forked a worker
  std::map<int, Worker> workers_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what was posted to the loop
};

}  // namespace mlpipe
