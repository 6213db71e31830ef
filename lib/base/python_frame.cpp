#include "base/python_frame.h"

#include "base/text.h"

namespace mlpipe {

bool PythonFrame::of_library() const {
  return file.starts_with('<') || file.find("/site-packages/") != std::string::npos || file.find("/dist-packages/") != std::string::npos ||
         file.find("/lib/python3") != std::string::npos;
}

bool PythonFrame::of_harness() const {
  return file.find("/mlpipe_worker.py") != std::string::npos || file.find("/mlpipe_calls.py") != std::string::npos;
}

std::optional<PythonFrame> python_frame(std::string_view line) {
  constexpr std::string_view head = "  File \"", middle = "\", line ", in = " in ";
  if (!line.starts_with(head)) return std::nullopt;
  line.remove_prefix(head.size());
  const auto quote = line.rfind(middle);
  if (quote == line.npos) return std::nullopt;
  const auto rest = line.substr(quote + middle.size());
  const auto number = parse_integer(rest.substr(0, rest.find_first_not_of("0123456789")));
  if (!number || *number < 1 || *number > 1'000'000'000) return std::nullopt;
  const auto blank = rest.find(in);
  return PythonFrame{std::string(line.substr(0, quote)), static_cast<int>(*number), blank == rest.npos ? "" : std::string(rest.substr(blank + in.size()))};
}

// Frames of a chained exception come before those of the one that was not caught.
std::optional<PythonFrame> last_user_frame(const std::vector<std::string>& lines) {
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (auto frame = python_frame(*line); frame && !frame->of_library() && !frame->of_harness()) return frame;
  return std::nullopt;
}

}  // namespace mlpipe
