#include "batch/workers/hang.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/python_frame.h"
#include "base/text.h"

namespace mlpipe {
namespace {

std::string place_of(const PythonFrame& frame) { return fmt::format("{}:{} {}()", frame.file.substr(frame.file.rfind('/') + 1), frame.line, frame.function); }

// The frames of the thread that the harness runs in, innermost first, without the harness's own.
std::vector<PythonFrame> script_frames(std::string_view stack) {
  std::vector<PythonFrame> thread;
  for (const auto line : split(stack, '\n')) {
    if (line.starts_with("Thread 0x") || line.starts_with("Current thread 0x")) thread.clear();
    auto frame = python_frame(line);
    if (!frame || frame->function.empty()) continue;
    if (frame->of_harness()) {
      std::erase_if(thread, [](const PythonFrame& f) { return f.file.starts_with("<frozen importlib"); });
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
  const auto own = std::find_if(frames.begin(), frames.end(), [](const PythonFrame& frame) { return !frame.of_library(); });
  cause += ": hung in " + place_of(own == frames.end() ? frames.front() : *own);
  if (own != frames.begin() && own != frames.end()) cause += ", in " + place_of(frames.front());
  for (const PythonFrame& frame : frames) stack = fmt::format("  File \"{}\", line {}, in {}\n", frame.file, frame.line, frame.function) + stack;
  stack = "Stack when the time was over (most recent call last):\n" + stack;
}

}  // namespace mlpipe
