#include "batch/workers/hang.h"

#include <doctest/doctest.h>

using namespace mlpipe;

namespace {

constexpr const char* harness = "  File \"/share/mlpipe_worker.py\", line 291 in call\n  File \"/share/mlpipe_worker.py\", line 396 in <module>\n";

std::string cause_of(std::string stack) {
  std::string cause = "late";
  explain_hang(cause, stack);
  return cause;
}

}  // namespace

TEST_CASE("the innermost frame of the thread that runs the script is the cause") {
  std::string cause = "run() took longer than 3 s";
  std::string stack = std::string("Thread 0x01 (most recent call first):\n  File \"/code/other.py\", line 3 in wait\n\n"
                                  "Current thread 0x02 (most recent call first):\n  File \"/code/sub/score.py\", line 12 in helper\n"
                                  "  File \"/code/sub/score.py\", line 20 in run\n") + harness;
  explain_hang(cause, stack);
  CHECK(cause == "run() took longer than 3 s: hung in score.py:12 helper()");
  CHECK(stack == "Stack when the time was over (most recent call last):\n  File \"/code/sub/score.py\", line 20, in run\n"
                 "  File \"/code/sub/score.py\", line 12, in helper\n");
}

TEST_CASE("a hang in a library names the script's frame and the library's") {
  CHECK(cause_of(std::string("Current thread 0x02 (most recent call first):\n  File \"/usr/lib/python3.11/socket.py\", line 706 in readinto\n"
                             "  File \"/code/score.py\", line 9 in run\n") + harness) ==
        "late: hung in score.py:9 run(), in socket.py:706 readinto()");
}

TEST_CASE("whatever else is on stderr says nothing") {
  CHECK(cause_of("") == "late");
  CHECK(cause_of("printed by the script\n  File \"half a line\n") == "late");
  CHECK(cause_of(harness) == "late");
  CHECK(cause_of("  File \"x.py\", line 1 in run\n") == "late");
}
