// Tasks that may add tasks, worked off by several threads.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mlpipe {

class WorkQueue {
 public:
  using Task = std::function<void()>;  // must not throw

  // `threads` at most, the one that calls run among them; a thread is started only when tasks wait for one.
  explicit WorkQueue(int threads) : threads_(threads > 1 ? static_cast<std::size_t>(threads) : 1) {}
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;

  // Before run, or from a task. The latest is taken first.
  void add(Task task);
  // Returns when all tasks, and those that they added, are done.
  void run();

 private:
  void work();
  void start_helper();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::vector<std::thread> helpers_;
  std::size_t threads_, busy_ = 0;
  bool running_ = false;
};

}  // namespace mlpipe
