// runs/<id>/steps/<step>/logs/: what each command step printed, where Azure users look for it.
#pragma once

#include <memory>

#include "run/events.h"
#include "system/clock.h"

namespace mlpipe {

// user_logs/std_log.txt of each command step (stdout and stderr as they came, all attempts one after the other) and its index
// (store/printed_index.h); a parallel step logs by itself (lib/batch). A disk that is full loses log lines, not the run.
std::unique_ptr<EventSink> make_log_tree(const Clock& clock = Clock::real());

// The file, below the step's logs folder.
inline constexpr const char* step_log_name = "user_logs/std_log.txt";

}  // namespace mlpipe
