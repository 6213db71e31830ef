#include "report/screen.h"

#include <poll.h>
#include <sys/ioctl.h>

#include <csignal>

#include "report/terminal_text.h"
#include "system/files.h"

namespace mlpipe {
namespace {

volatile std::sig_atomic_t continued = 0;  // by SIGCONT, since it was last looked at

}  // namespace

void Screen::notice_stops() {
  struct sigaction action {};
  action.sa_handler = [](int) { continued = 1; };
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGCONT, &action, nullptr);
}

void Screen::print(std::string_view lines) {
  if (!lines.empty()) write(lines);
}

// Whoever stopped us with Ctrl-Z has typed and read below the table since: it is not ours to erase any more.
void Screen::forget_after_stop() {
  if (!continued) return;
  continued = 0;
  drawn_.clear();
}

void Screen::print(std::string_view lines, const std::vector<std::string>& table) {
  forget_after_stop();
  if (lines.empty() && table.empty() && drawn_.empty()) return;
  std::string frame = erase_table(size());
  frame += lines;
  drawn_.clear();
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (i > 0) frame += '\n';
    frame += table[i];
    drawn_.push_back(columns(table[i]));
  }
  write(frame);
}

bool Screen::takes_more() const {
  pollfd ready{fd_, POLLOUT, 0};
  return ::poll(&ready, 1, 0) != 0;  // an error shows when it is written to
}

ScreenSize Screen::size() const {
  winsize window{};
  if (ioctl(fd_, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) return {};
  return {window.ws_col, window.ws_row};
}

// A terminal that became narrower has wrapped the rows that we drew.
std::string Screen::erase_table(const ScreenSize& size) const {
  if (drawn_.empty()) return {};
  std::size_t rows = 0;
  for (const std::size_t width : drawn_) rows += width <= size.width ? 1 : (width + size.width - 1) / size.width;
  std::string codes = "\r";
  if (rows > 1) codes += "\x1b[" + std::to_string(rows - 1) + "A";
  return codes + "\x1b[J";
}

void Screen::write(std::string_view bytes) {
  if (!gone_ && !write_all(fd_, bytes, "terminal")) gone_ = true;
}

}  // namespace mlpipe
