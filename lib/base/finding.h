// What a failure, or something odd, was recognised as: an entry of lib/diagnose's table, in the words of this very case.
#pragma once

#include <string>

namespace mlpipe {

struct Finding {
  std::string id;     // of the entry, "parse-args"
  std::string cause;  // one sentence, lower case, no full stop
  std::string hint;   // what to do; may have lines of code
};

// Where its entry is explained.
inline std::string troubleshooting_place(const Finding& finding) { return "docs/troubleshooting.md#" + finding.id; }

}  // namespace mlpipe
