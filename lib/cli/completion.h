// What could stand where a command line is being typed.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace mlpipe::cli {

struct Candidate {
  std::string word, about;
};

struct Completion {
  enum class Files { none, files, folders };  // what the shell itself may offer besides
  std::vector<Candidate> candidates;          // those that begin with what was typed
  Files files = Files::none;
};

// `words`: those behind "mlpipe" up to the cursor; the last one, which may be empty, is being typed. Steps, parameters and inputs are those of the
// spec that the words name (else of the one here), runs those of its store. What cannot be read offers nothing.
Completion complete(const std::vector<Command>& commands, const std::vector<std::string>& words);

// `mlpipe __complete WORD...`, which the shells' scripts call: a candidate a line, "word<TAB>about", and perhaps ":files" or ":folders".
inline constexpr const char* complete_command = "__complete";
std::string completion_lines(const Completion& completion);

}  // namespace mlpipe::cli
