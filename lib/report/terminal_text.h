// What steps print, made fit for a terminal or a CI log: whole lines without anything that could move the cursor.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

// Cuts a byte stream into lines. "\r\n" ends a line; a lone '\r' makes what follows replace what stood before it, so a
// progress bar collapses to its last state. A line longer than `longest_line` comes in pieces.
class LineCutter {
 public:
  static constexpr std::size_t longest_line = 16 * 1024;

  // The lines that `text` completes, without their ends.
  std::vector<std::string> feed(std::string_view text);
  // The line that was begun and will not be ended, if there is one.
  std::optional<std::string> flush();

 private:
  void append(std::string_view text, std::vector<std::string>& lines);

  std::string line_;
  bool returned_ = false;  // a '\r' is waiting for what follows it
};

// Escape sequences removed, control bytes and C1 controls '?', bytes that are not UTF-8 U+FFFD; tabs stay.
std::string harmless(std::string_view line);
// The same for several lines, whose ends stay.
std::string harmless_lines(std::string_view text);

// Columns on a terminal, never fewer than it really takes (characters from U+1100 on count as two).
std::size_t columns(std::string_view text);
// At most `width` columns of it; what is cut ends with "…".
std::string clip(std::string_view text, std::size_t width);

}  // namespace mlpipe
