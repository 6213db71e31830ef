// A thread beside the main one, to which signals are never delivered: they are the event loop's, or a child's.
#pragma once

#include <functional>
#include <thread>

namespace mlpipe {

std::thread start_quiet_thread(std::function<void()> work);

}  // namespace mlpipe
