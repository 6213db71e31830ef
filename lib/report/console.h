// What a person sees of a run on stderr: a live table on a terminal, plain lines on a pipe.
#pragma once

#include <memory>

#include "run/events.h"
#include "system/clock.h"

namespace mlpipe {

struct ConsoleOptions {
  int fd = 2;
  bool live = false;    // a terminal that can redraw
  bool colour = false;  // NO_COLOR unset and a terminal
  bool quiet = false;   // only failures and the last line
  bool on_github = false;  // whose runner takes "##[error]" for a command wherever it stands in a line
};

// What suits `fd` here: NO_COLOR, TERM=dumb and pipes are honoured.
ConsoleOptions console_options(int fd);

// A reader that goes away (closed pipe) silences it; the run goes on.
std::unique_ptr<EventSink> make_console(const ConsoleOptions& options, const Clock& clock = Clock::real());

}  // namespace mlpipe
