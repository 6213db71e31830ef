#include "cli/followed_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace mlpipe::cli {
namespace {

// Marks that are whole; the rest of the text stays.
std::vector<PrintMark> take_marks(std::string& text) {
  const auto end = text.rfind('\n');
  if (end == std::string::npos) return {};
  auto marks = parse_marks(std::string_view(text).substr(0, end));
  text.erase(0, end + 1);
  return marks;
}

}  // namespace

std::string Tail::more() {
  if (!file_)
    if (auto opened = open_file(path_, O_RDONLY)) file_ = opened.take();
  struct stat found {};
  if (!file_ || ::fstat(file_.get(), &found) != 0 || static_cast<std::uint64_t>(found.st_size) <= offset_) return {};
  std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(piece, static_cast<std::uint64_t>(found.st_size) - offset_)), '\0');
  const auto got = read_at(file_.get(), offset_, text.data(), text.size(), path_);
  text.resize(got ? *got : 0);
  offset_ += text.size();
  return text;
}

FollowedLog::FollowedLog(Path log, Path index, LogFilter filter, PrintMark source, std::vector<std::pair<WallTime, WallTime>> windows)
    : wants_all_(filter.wants_all()), log_(std::move(log)), index_(std::move(index)), lines_(std::move(filter), std::move(source), std::move(windows)) {}

// As far as the log was read: what the index says of that is there already. Marks may be as long as the text that they are about.
void FollowedLog::read_index() {
  while (known_ < log_.offset()) {
    const std::string text = index_.more();
    if (text.empty()) return;
    half_mark_ += text;
    const auto marks = take_marks(half_mark_);
    if (!marks.empty()) known_ = marks.back().offset;
    lines_.add(marks);
  }
}

Result<bool> FollowedLog::more(const Print& print) {
  const std::string text = log_.more();
  if (text.empty()) return false;
  inside_line_ = text.back() != '\n';
  if (!wants_all_) read_index();
  MLPIPE_TRY_VOID(print(wants_all_ ? text : lines_.feed(text)));
  return true;
}

Status FollowedLog::rest(const Print& print) {
  for (bool any = true; any;) {
    MLPIPE_TRY(any, more(print));
  }
  if (!wants_all_) return print(lines_.flush());
  return std::exchange(inside_line_, false) ? print("\n") : Status();
}

}  // namespace mlpipe::cli
