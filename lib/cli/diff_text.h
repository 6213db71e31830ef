// `diff` for people.
#pragma once

#include <string>

#include "report/run_diff.h"

namespace mlpipe::cli {

struct DiffStyle {
  bool stat = false;      // names and counts instead of lines
  bool terminal = false;  // nothing may move the cursor
  bool colour = false;
};
std::string diff_text(const RunDiff& diff, const DiffStyle& style);

}  // namespace mlpipe::cli
