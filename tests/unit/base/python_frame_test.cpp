#include "base/python_frame.h"

#include <doctest/doctest.h>

using namespace mlpipe;

TEST_CASE("a line of a traceback is a frame, whatever the file is called") {
  const auto frame = python_frame("  File \"/a \", line 3/score.py\", line 12, in run");
  REQUIRE(frame);
  CHECK(frame->file == "/a \", line 3/score.py");
  CHECK(frame->line == 12);
  CHECK(frame->function == "run");
  CHECK(python_frame("  File \"x.py\", line 7 in <module>")->function == "<module>");
  CHECK(python_frame("  File \"x.py\", line 7")->function == "");
}

TEST_CASE("other lines are none") {
  for (const char* line : {"", "File \"x.py\", line 7", "  File \"x.py\"", "  File \"x.py\", line ", "  File \"x.py\", line x, in f", "  File \"x.py\", line 0, in f",
                           "  File \"x.py\", line 99999999999999999999, in f"})
    CHECK_FALSE(python_frame(line));
}

TEST_CASE("the user's own innermost frame is not that of a library, nor the harness's") {
  const std::vector<std::string> lines{"Traceback (most recent call last):",
                                       "  File \"/opt/mlpipe/share/mlpipe/mlpipe_worker.py\", line 90, in main",
                                       "  File \"/work/score.py\", line 3, in run",
                                       "    helper(x)",
                                       "  File \"/venv/lib/python3.11/site-packages/torch/nn.py\", line 900, in forward",
                                       "  File \"<frozen importlib._bootstrap>\", line 5, in load",
                                       "ValueError: bad"};
  const auto frame = last_user_frame(lines);
  REQUIRE(frame);
  CHECK(frame->file == "/work/score.py");
  CHECK(frame->line == 3);
  CHECK_FALSE(last_user_frame({"ValueError: bad"}));
}
