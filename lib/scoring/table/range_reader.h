// The bytes of the ranges of a piece, whole rows at a time as far as the memory goes. Not by mmap: a file that becomes shorter would
// end the process.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "scoring/module.h"
#include "system/fd.h"
#include "system/files.h"

namespace mlpipe {

class RangeReader {
 public:
  static Result<RangeReader> open(const mlpipe_table_piece& piece);

  // What is in memory. 64 bytes before and behind it can be read. Ends with a line break where a range ends.
  std::string_view text() const { return {buffer_.data() + margin, size_}; }
  // Whether text() starts at the beginning of the file.
  bool at_start() const { return begin_ == 0; }
  // Drops all of text() before `from` and reads what comes behind it. False: there is nothing more. Error: the file cannot be read,
  // or a range ends within a row (`from` is not the end of the text then).
  Result<bool> advance(std::size_t from);
  const Path& path() const { return path_; }

 private:
  static constexpr std::size_t margin = 64;

  Status make_room(std::size_t kept);

  Path path_;
  Fd file_;
  const mlpipe_range* next_ = nullptr;   // range
  const mlpipe_range* ranges_end_ = nullptr;
  std::uint64_t offset_ = 0, end_ = 0;   // of the range that is being read: what comes next, and where it ends
  std::uint64_t begin_ = 0;              // of text() within the file
  std::vector<char> buffer_;
  std::size_t size_ = 0;
};

}  // namespace mlpipe
