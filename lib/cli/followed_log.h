// A log that grows, and its index (store/printed_index.h) with it: the lines of it that are wanted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "run/log_lines.h"
#include "system/files.h"

namespace mlpipe::cli {

// What is new in a file that only grows.
class Tail {
 public:
  static constexpr std::size_t piece = 4u << 20;

  explicit Tail(Path path) : path_(std::move(path)) {}

  // The next piece; empty: there is nothing new. Cheap then.
  std::string more();
  std::uint64_t offset() const { return offset_; }

 private:
  Path path_;
  Fd file_;
  std::uint64_t offset_ = 0;
};

class FollowedLog {
 public:
  using Print = std::function<Status(std::string_view lines)>;

  // As for LogLines. What a filter that wants all gets is the text as it is, unended lines too.
  FollowedLog(Path log, Path index, LogFilter filter, PrintMark source, std::vector<std::pair<WallTime, WallTime>> windows);

  // Gives `print` what is wanted of the next piece. False: there was none.
  Result<bool> more(const Print& print);
  // All that is left, with the line that is not ended; with a line end.
  Status rest(const Print& print);

 private:
  void read_index();

  const bool wants_all_;
  Tail log_, index_;
  LogLines lines_;
  std::string half_mark_;
  std::uint64_t known_ = 0;  // the offset of the last mark
  bool inside_line_ = false;
};

}  // namespace mlpipe::cli
