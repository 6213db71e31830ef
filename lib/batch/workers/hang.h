// Where a worker hung, out of the stacks that Python's faulthandler wrote to its stderr.
#pragma once

#include <string>

namespace mlpipe {

// `stack`: what came on stderr since it was asked; made the stack of the thread that runs the script, outermost call first and as
// in a traceback, without the frames of the harness, or empty. `cause` gets its innermost frame: "hung in score.py:12 run()", with
// that of a library behind it where it hung in one.
void explain_hang(std::string& cause, std::string& stack);

}  // namespace mlpipe
