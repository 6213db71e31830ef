// Python workers out of a fork server (lib/worker/python/mlpipe_preload.py), or, where forking is refused, started one by one.
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/workers/fork_launcher.h"
#include "batch/workers/frames.h"
#include "batch/workers/worker_environment.h"
#include "batch/workers/worker_logs.h"
#include "system/host.h"

namespace mlpipe {
namespace {

// With what each worker sets when it is forked.
std::vector<std::string> environment_of_server(const ParallelJob& job) {
  auto environment = python_environment(job);
  for (int number = 0; job.variables_of && number < job.workers; ++number) {
    const std::string name = worker_name(number);
    const auto variables = job.variables_of(name);
    if (!variables.empty()) environment.push_back(fmt::format("MLPIPE_OF_{}={}", name, join(variables, "\x1f")));
  }
  return environment;
}

Result<ForkServer> preload_server(const ParallelJob& job) {
  const auto harness = find_module("python/mlpipe_preload.py");
  if (!harness) return Error{ErrorKind::step_failed, "python/mlpipe_preload.py is missing beside mlpipe", "install mlpipe again"};
  const bool own_gpus = job.config.environment_variables.contains("CUDA_VISIBLE_DEVICES");
  const auto gpus = own_gpus ? std::string() : join(gpus_of(job.environment), ",");
  return ForkServer{{job.python, harness->string()}, [open = server_wire::Open{join(job.config.preload, "\n"), gpus}] { return open; }, environment_of_server(job),
                    job.logs / "preload_server.txt", "the server of preloaded modules", "importing them", stack_signal};
}

class PreloadLauncher : public WorkerLauncher {
 public:
  PreloadLauncher(EventLoop& loop, const ParallelJob& job, LauncherNotice notice)
      : forked_(loop, job.scratch, preload_server(job)), fresh_(make_python_launcher(loop, job)), notice_(std::move(notice)) {}

  void launch(int number, std::function<void(Result<WorkerProcess>)> done) override {
    killed_.erase(number);
    are_fresh_.erase(number);
    if (refused_) return launch_fresh(number, std::move(done));
    forked_.launch(number, [this, number, done = std::move(done)](Result<WorkerProcess> process) mutable {
      if (process) return done(process.take());
      if (killed_.contains(number)) return done(process.error());
      refuse(process.error());
      launch_fresh(number, std::move(done));
    });
  }

  void collect(int number, std::function<void(ExitStatus)> done) override { launcher_of(number).collect(number, std::move(done)); }
  bool ask_for_stacks(int number) override { return launcher_of(number).ask_for_stacks(number); }
  void kill(int number) override {
    killed_.insert(number);
    launcher_of(number).kill(number);
  }

 private:
  void launch_fresh(int number, std::function<void(Result<WorkerProcess>)> done) {
    are_fresh_.insert(number);
    fresh_->launch(number, std::move(done));
  }

  void refuse(const Error& reason) {
    if (std::exchange(refused_, true)) return;
    notice_(fmt::format("preload: {}; each worker imports by itself", reason.message), reason.hint);
  }

  WorkerLauncher& launcher_of(int number) {
    if (are_fresh_.contains(number)) return *fresh_;
    return forked_;
  }

  ForkLauncher forked_;
  std::unique_ptr<WorkerLauncher> fresh_;
  LauncherNotice notice_;
  bool refused_ = false;
  std::set<int> are_fresh_, killed_;  // since their last launch
};

}  // namespace

std::unique_ptr<WorkerLauncher> make_preload_launcher(EventLoop& loop, const ParallelJob& job, LauncherNotice notice) {
  return std::make_unique<PreloadLauncher>(loop, job, std::move(notice));
}

}  // namespace mlpipe
