// Where in a shell command a text stands: what a path has to be quoted for.
#pragma once

#include <string>
#include <string_view>

namespace mlpipe {

// Reads a command from its start and knows whether the place reached is between quotes. Text that others put in is not read: Azure's
// values go in as they are, and their quotes are theirs. Command substitutions and here-documents are read as plain text.
class ShellPlace {
 public:
  void pass(std::string_view text);
  bool in_quotes() const { return quotes_ != Quotes::none; }
  char quote() const { return quotes_ == Quotes::none ? '\0' : quotes_ == Quotes::single_ ? '\'' : '"'; }
  // `value` so that the shell takes it for one word, or for a part of one, here.
  std::string quoted(std::string_view value) const;

 private:
  enum class Quotes { none, single_, double_ };
  Quotes quotes_ = Quotes::none;
  bool escaped_ = false, comment_ = false, begins_word_ = true;
};

}  // namespace mlpipe
