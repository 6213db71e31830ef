// How a step's input data is reached: what the links and folders on the way were, and the stat data of every file. Content alone
// does not tell that a link or a folder led elsewhere for a while and then back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "run/description.h"

namespace mlpipe {

class InputWays {
 public:
  // As it is now. What is not there has no mark. Costs a look at the stat data of every file.
  static InputWays of(const StepDescription& description);

  // Every way leads where it led: no link was made anew, no folder exchanged or moved. Folders may have had something added and
  // removed: the content tells that.
  bool lead_where(const InputWays& before) const;
  // No file was written to or exchanged for another, as far as their sizes and times of modification tell.
  bool same_times(const InputWays& before) const { return written_ == before.written_; }
  // Every way leads where it led, and all stat data of the files is what it was.
  bool unchanged_since(const InputWays& before) const { return files_ == before.files_ && lead_where(before); }

  std::string to_text() const;
  static std::optional<InputWays> from_text(std::string_view text);

 private:
  struct Mark {
    std::int64_t inode = 0, changed_ns = 0, modified_ns = 0;
    std::int64_t owner = 0;  // mode, user and group
    bool led_elsewhere(const Mark& before) const;
  };
  class Look;

  std::map<std::string, Mark> marks_;  // of links and folders, by path
  std::string files_;                  // digest over the files' stat data
  std::string written_;                // of that, what only writing changes; not in the text
};

}  // namespace mlpipe
