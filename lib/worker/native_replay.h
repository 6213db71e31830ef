// One mini-batch of a model step in the foreground: the native worker's code, with its frames read from a file. It is mlpipe
// itself, started as `mlpipe __native-replay MODULE CONFIGURATION FRAMES`, so that a debugger can be put before it.
#pragma once

#include "system/files.h"

namespace mlpipe {

// The name of the hidden command.
inline constexpr const char* native_replay_command = "__native-replay";

// Rows go to stdout, but for those that are files; everything else to stderr. Returns the exit code: 1 when the model or the mini-batch failed.
int native_replay_main(const Path& module, const Path& configuration, const Path& frames);

}  // namespace mlpipe
