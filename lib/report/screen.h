// Where lines go: a terminal with a table kept below them, or anything else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

struct ScreenSize {
  std::size_t width = 80, height = 24;
};

// Every frame is one write, and the cursor is always left visible behind what was written: whenever we are killed, the
// terminal is fine.
class Screen {
 public:
  explicit Screen(int fd) : fd_(fd) {}

  // Whole lines (each with its '\n').
  void print(std::string_view lines);
  // The same above a table that replaces the last one.
  void print(std::string_view lines, const std::vector<std::string>& table);

  // From now on a table that was drawn before the process was stopped (Ctrl-Z) and continued stays where it is: what the shell wrote below it
  // would be erased with it. Takes SIGCONT's handler; children get the default back.
  static void notice_stops();

  // Whether the terminal would take a frame now: not while somebody has stopped it (Ctrl-S), or reads too slowly.
  bool takes_more() const;

  // As the terminal says now; 80 x 24 when it does not.
  ScreenSize size() const;

 private:
  void forget_after_stop();
  std::string erase_table(const ScreenSize& size) const;
  void write(std::string_view bytes);

  int fd_;
  bool gone_ = false;  // nobody reads any more
  std::vector<std::size_t> drawn_;  // widths of the table's rows on the screen
};

}  // namespace mlpipe
