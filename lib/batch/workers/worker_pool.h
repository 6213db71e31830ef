// Living workers: started, initialised, listened to, timed, stopped and replaced at the owner's word. Knows the wire and
// the descriptors, and nothing of mini-batches.
//
//   absent -> launching -> initialising -> ready -> stopping: what may come next, each in its time; from any of them
//   (killed, crashed, ended) -> ending -> collecting -> absent, with on_gone. One whose time is over is first asked where it is:
//   it is explaining until its answer, on stderr, had its time too.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "batch/workers/launcher.h"
#include "system/clock.h"
#include "system/event_loop.h"
#include "system/process.h"
#include "worker/protocol.h"

namespace mlpipe {

// How a worker came to its end.
struct WorkerEnd {
  enum class During { init, work, stop };
  During during = During::work;
  bool wanted = false;      // the owner killed it, or it was asked to stop and did
  bool timed_out = false;
  std::string cause;        // for people: "killed by SIGSEGV", "init() took longer than 90 s"
  ExitStatus status;        // of its process
  wire::InitFailed init;    // what it said when init() failed; else empty
  std::string stack;        // where its threads were when its time was over; may be empty
  bool by_itself = false;   // nobody here had decided to end it: a signal is not ours
};

class WorkerPoolOwner {
 public:
  virtual ~WorkerPoolOwner() = default;
  virtual std::string init_frame(int worker) = 0;
  virtual void on_ready(int worker) = 0;
  virtual void on_result(int worker, wire::MiniBatchResult result) = 0;
  virtual void on_failed(int worker, wire::MiniBatchFailed failed) = 0;
  virtual void on_header(int worker, wire::RowsHeader header) = 0;
  virtual void on_printed(int worker, bool is_stderr, std::string_view text) = 0;
  // Whether it has more than one mini-batch in hand, and no known habit of printing: then its answers are heard before what it prints,
  // except the first that says that it printed. Otherwise what it printed before an answer is heard before it.
  virtual bool works_ahead(int worker) const = 0;
  virtual void on_shutdown_error(int worker, const std::string& error) = 0;
  virtual void on_gone(int worker, const WorkerEnd& end) = 0;
  virtual void on_cannot_launch(int worker, const Error& error) = 0;
};

class WorkerPool {
 public:
  // `limit`: of one launch, one init(), one run() and one shutdown(); `limit_text` says it to people.
  WorkerPool(EventLoop& loop, const Clock& clock, WorkerLauncher& launcher, WorkerPoolOwner& owner, int workers, Seconds limit,
             std::string limit_text);
  ~WorkerPool();  // kills what is left, and tells nobody

  int size() const { return static_cast<int>(workers_.size()); }
  int alive() const { return alive_; }  // from launch to on_gone
  bool has_begun() const;             // a worker lives that is more than about to be launched
  pid_t pid(int worker) const { return at(worker).process.pid; }  // -1: no process
  bool absent(int worker) const { return at(worker).state == State::absent; }
  bool ready(int worker) const { return at(worker).state == State::ready && !at(worker).gone && at(worker).process.socket; }

  void start(int worker);
  void send(int worker, std::string frame);
  void begin_clock(int worker);  // it has begun with a mini-batch, now
  void stop_clock(int worker);   // it has nothing to do
  void finish(int worker);       // asks it to shut down; one that is not ready yet is killed
  void kill(int worker);
  void kill_all();

 private:
  enum class State { absent, launching, initialising, ready, stopping, explaining, ending, collecting };
  struct Worker {
    State state = State::absent;
    WorkerProcess process;
    wire::Reader<wire::FromWorker> reader;
    std::string outbox;
    WorkerEnd end;
    bool kill_on_arrival = false, said_bye = false;
    bool gone = false;     // its process has ended; what it had answered is still being read
    bool asked_for_stacks = false;
    bool writing = false;  // the loop watches for room in the socket
    std::optional<SteadyTime> deadline;
    EventLoop::TimerId timer = 0;
    SteadyTime timer_due;
  };

  Worker& at(int worker) { return workers_[static_cast<std::size_t>(worker)]; }
  const Worker& at(int worker) const { return workers_[static_cast<std::size_t>(worker)]; }
  bool listening(const Worker& w) const { return w.state == State::initialising || w.state == State::ready || w.state == State::stopping; }

  void arrived(int worker, Result<WorkerProcess> process);
  void cannot_launch(int worker, const Error& error);
  std::string late_start() const;
  void watch(int worker);
  void on_socket(int worker, std::uint32_t events);
  void read_socket(int worker);
  void take_messages(int worker);
  void handle(int worker, wire::FromWorker message);
  void flush(int worker);
  void socket_ended(int worker);
  void on_pipe(int worker, bool is_stderr);
  bool read_pipe(int worker, bool is_stderr);
  void drain_pipes(int worker, int turns);
  bool prints_come_first(int worker, const wire::FromWorker& message) const;
  void ended(int worker);
  void collected(int worker, const ExitStatus& status);
  void release(Worker& w);

  void set_deadline(int worker, std::chrono::nanoseconds limit);
  void set_timer(int worker, std::chrono::nanoseconds delay);
  void on_timer(int worker);
  void overdue(int worker);
  void out_of_time(int worker, std::string cause);
  void end(int worker, std::string cause);

  EventLoop& loop_;
  const Clock& clock_;
  WorkerLauncher& launcher_;
  WorkerPoolOwner& owner_;
  std::vector<Worker> workers_;
  std::chrono::nanoseconds limit_;
  std::string limit_text_;
  int alive_ = 0;
  std::unique_ptr<char[]> chunk_;
};

}  // namespace mlpipe
