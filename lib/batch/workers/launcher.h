// How workers come to life: Python ones as fresh processes, native ones out of a fork server. The pool sees only this.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "batch/plan/job.h"
#include "system/event_loop.h"
#include "system/fd.h"
#include "system/process.h"

namespace mlpipe {

// A running worker. The pool owns the descriptors, watches `pidfd` for its end, and kills through it.
struct WorkerProcess {
  pid_t pid = -1;
  Fd pidfd;       // readable once it has ended
  Fd socket;      // wire protocol (worker/protocol.h); non-blocking
  Fd out, err;    // what it prints; non-blocking
};

class WorkerLauncher {
 public:
  virtual ~WorkerLauncher() = default;  // ends the fork server, if there is one; workers must be gone

  // Starts worker `number` (0, 1, ...: also after a death, with the same number). Exactly one call of `done`, never from
  // inside launch. An error means that no worker of this step can start (no interpreter, no module, model does not load).
  virtual void launch(int number, std::function<void(Result<WorkerProcess>)> done) = 0;

  // After pidfd became readable: its exit status. Exactly one call of `done`, never from inside collect.
  virtual void collect(int number, std::function<void(ExitStatus)> done) = 0;

  // SIGKILLs the worker's whole process group. One that is being launched is answered soon: with an error, or with a process that
  // the caller kills as any other.
  virtual void kill(int number) = 0;

  // Asks a worker that is about to be killed to write the stacks of its threads to its stderr, which it does even while C code
  // keeps it busy. False: this kind of worker cannot.
  virtual bool ask_for_stacks(int) { return false; }
};

// A second descriptor of a process: the launcher and the pool have one each.
Result<Fd> duplicate(int pidfd);

// What users should know, with a hint or an empty one.
using LauncherNotice = std::function<void(const std::string& message, const std::string& hint)>;

std::unique_ptr<WorkerLauncher> make_python_launcher(EventLoop& loop, const ParallelJob& job);
// Python workers with the modules of `preload`, out of a fork server that has imported them once. Where that may not fork, it says
// so and the workers start as make_python_launcher's.
std::unique_ptr<WorkerLauncher> make_preload_launcher(EventLoop& loop, const ParallelJob& job, LauncherNotice notice);
// Opens the module that find_module("mlpipe_torch.so") finds, in a fork server process (`mlpipe __scoring-server`). Tells once what the
// module notes about the model.
std::unique_ptr<WorkerLauncher> make_scoring_launcher(EventLoop& loop, const ParallelJob& job, LauncherNotice notice);

}  // namespace mlpipe
