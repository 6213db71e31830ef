// A shell's command as text, as far as it can be read without being a shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

struct CommandPart {
  std::string word;    // its first, behind settings of variables: "python" of "A=1 python t.py"
  std::string script;  // "t.py", its first word with that ending; empty: none
  std::string behind;  // what joins it to the next part: "&&", ";", "|", "\n"; empty: it is the last
};

// Nothing: it has what decides for itself which parts run or fail (`||`, `if`, `for`, a subshell, `$(...)`, `&`, a here-document), or an
// open quote.
std::optional<std::vector<CommandPart>> command_parts(std::string_view command);

// All words of it that stand for themselves, "train.py", without quotes and operators.
std::vector<std::string> command_words_in(std::string_view command);

}  // namespace mlpipe
