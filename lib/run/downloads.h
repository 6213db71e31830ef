// Inputs that lie in the web: fetched once into the store, and from then on like any file.
#pragma once

#include "base/result.h"
#include "pipeline/pipeline.h"
#include "run/events.h"
#include "store/store.h"

namespace mlpipe {

enum class Fetch { missing, never };

// Gives every input with a url a path, downloads/<digest of the url>/<its name> in the store, and fetches it there when it is missing, with
// curl, else with Python. Error (kind step_failed): it could not be fetched, and why; with Fetch::never: it is not there yet. Kind
// interrupted: Ctrl-C.
Status place_downloads(Pipeline& pipeline, const Store& store, Fetch fetch, EventSink* events = nullptr);

}  // namespace mlpipe
