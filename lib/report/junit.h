// A run as JUnit XML, which most CI systems show: a test case a step. A failed step is a failure, a stopped one an error, a skipped one is
// skipped; what is known besides (counts, failed items with their reasons, where a reused result is from) is its system-out.
#pragma once

#include <memory>

#include "run/events.h"

namespace mlpipe {

// What an earlier run left there is removed: whoever collects the file must not take it for this run's. An error: nothing can be written there.
Status clear_junit(const Path& file);

// `file` is written, or replaced, when the run ends; its folder is made. `written` outlives the sink and says whether that went well.
std::unique_ptr<EventSink> make_junit(Path file, Status& written);

}  // namespace mlpipe
