#include "batch/workers/hang.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

struct Frame {
  std::string file, line, function;

  std::string place() const { return fmt::format("{}:{} {}()", file.substr(file.rfind('/') + 1), line, function); }
  bool of_harness() const { return file.find("/mlpipe_worker.py") != std::string::npos || file.find("/mlpipe_calls.py") != std::string::npos; }
  bool of_library() const {
    return file.starts_with('<') || file.find("/site-packages/") != std::string::npos || file.find("/dist-packages/") != std::string::npos ||
           file.find("/lib/python3") != std::string::npos;
  }
};

// `  File "score.py", line 12 in run`
std::optional<Frame> frame_of(std::string_view line) {
  constexpr std::string_view head = "  File \"", middle = "\", line ", in = " in ";
  if (!line.starts_with(head)) return std::nullopt;
  line.remove_prefix(head.size());
  const auto quote = line.rfind(middle);
  if (quote == line.npos) return std::nullopt;
  const auto rest = line.substr(quote + middle.size());
  const auto blank = rest.find(in);
  if (blank == rest.npos) return std::nullopt;
  return Frame{std::string(line.substr(0, quote)), std::string(rest.substr(0, blank)), std::string(rest.substr(blank + in.size()))};
}

// The frames of the thread that the harness runs in, innermost first, without the harness's own.
std::vector<Frame> script_frames(std::string_view stack) {
  std::vector<Frame> thread;
  for (const auto line : split(stack, '\n')) {
    if (line.starts_with("Thread 0x") || line.starts_with("Current thread 0x")) thread.clear();
    auto frame = frame_of(line);
    if (!frame) continue;
    if (frame->of_harness()) {
      std::erase_if(thread, [](const Frame& f) { return f.file.starts_with("<frozen importlib"); });
      return thread;
    }
    thread.push_back(std::move(*frame));
  }
  return {};
}

}  // namespace

void explain_hang(std::string& cause, std::string& stack) {
  if (stack.empty()) return;
  const auto frames = script_frames(stack);
  stack.clear();
  if (frames.empty()) return;
  const auto own = std::find_if(frames.begin(), frames.end(), [](const Frame& frame) { return !frame.of_library(); });
  cause += ": hung in " + (own == frames.end() ? frames.front() : *own).place();
  if (own != frames.begin() && own != frames.end()) cause += ", in " + frames.front().place();
  for (const Frame& frame : frames) stack = fmt::format("  File \"{}\", line {}, in {}\n", frame.file, frame.line, frame.function) + stack;
  stack = "Stack when the time was over (most recent call last):\n" + stack;
}

}  // namespace mlpipe
