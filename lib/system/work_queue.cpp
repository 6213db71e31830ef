#include "system/work_queue.h"

#include <system_error>
#include <utility>

namespace mlpipe {

WorkQueue::~WorkQueue() {
  for (std::thread& helper : helpers_) helper.join();
}

void WorkQueue::add(Task task) {
  const std::scoped_lock lock(mutex_);
  tasks_.push_back(std::move(task));
  if (running_ && tasks_.size() > 1) start_helper();
  changed_.notify_one();
}

void WorkQueue::start_helper() {
  if (helpers_.size() + 1 >= threads_) return;
  try {
    helpers_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    threads_ = helpers_.size() + 1;  // no more threads to be had: those that run do it all
  }
}

void WorkQueue::run() {
  {
    const std::scoped_lock lock(mutex_);
    running_ = true;
    for (std::size_t waiting = tasks_.size(); waiting > 1 && helpers_.size() + 1 < threads_; --waiting) start_helper();
  }
  work();
  for (std::thread& helper : helpers_) helper.join();
  helpers_.clear();
  running_ = false;
}

void WorkQueue::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !tasks_.empty() || busy_ == 0; });
    if (tasks_.empty()) return;
    const Task task = std::move(tasks_.back());
    tasks_.pop_back();
    ++busy_;
    lock.unlock();
    task();
    lock.lock();
    if (--busy_ == 0 && tasks_.empty()) changed_.notify_all();
  }
}

}  // namespace mlpipe
