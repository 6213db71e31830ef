// `run --watch`: a run, and another one each time that something it depends on is saved.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "cli/spec_arguments.h"
#include "pipeline/pipeline.h"
#include "system/file_watch.h"

namespace mlpipe::cli {

// The spec and what it names, source directories and data, without what their ignore rules leave out and without `ours`: what mlpipe
// itself writes, such as its store.
std::vector<WatchedPlace> places_of(const Pipeline& pipeline, const std::vector<Path>& ours);

// One round, from the spec on. `watch`: called once the pipeline is known, before anything else is read, with what the next round
// is to begin for. An error was told, or will be; it ends nothing.
using Round = std::function<Result<int>(const std::function<void(std::vector<WatchedPlace>)>& watch)>;

// Rounds until Ctrl-C, each after a change; `spec` is watched whatever becomes of the rounds. Returns the exit code of the last round
// that came to its end: what is on the screen.
int run_when_saved(const Path& spec, const Round& round);

}  // namespace mlpipe::cli
