// Lines of Python's tracebacks and of faulthandler's stacks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

struct PythonFrame {
  std::string file;
  int line = 0;
  std::string function;  // empty where none is told, as of a SyntaxError

  // Not the user's code: Python's own, an installed package, what has no file, mlpipe's harness.
  bool of_library() const;
  bool of_harness() const;
};

// `  File "score.py", line 12, in run`; faulthandler leaves the comma out. Nothing: no such line.
std::optional<PythonFrame> python_frame(std::string_view line);

// The innermost frame of the last traceback among these lines that is the user's own.
std::optional<PythonFrame> last_user_frame(const std::vector<std::string>& lines);

}  // namespace mlpipe
