#include "scoring/table/range_reader.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace mlpipe {
namespace {

constexpr std::size_t usual_room = 256 * 1024;    // stays in the second-level cache
constexpr std::size_t longest_row = 32u << 20;  // where its fields are takes up to 8 times as much

Error failed(const Path& path, std::string_view what, const char* hint = "") {
  return {ErrorKind::step_failed, fmt::format("{} {}", path.string(), what), hint};
}

}  // namespace

Result<RangeReader> RangeReader::open(const mlpipe_table_piece& piece) {
  RangeReader reader;
  reader.path_ = piece.path;
  MLPIPE_TRY(reader.file_, open_file(reader.path_, O_RDONLY));
  reader.next_ = piece.ranges;
  reader.ranges_end_ = piece.ranges + piece.range_count;
  reader.buffer_.resize(margin);
  return reader;
}

// Room behind what is kept; a byte more, for a line break.
Status RangeReader::make_room(std::size_t kept) {
  const std::size_t wanted = std::clamp(2 * kept, usual_room, longest_row);
  if (kept >= longest_row) return failed(path_, "has a row of more than 32 MB", "is a quote missing somewhere?");
  if (buffer_.size() < wanted + 2 * margin) buffer_.resize(wanted + 2 * margin);
  return {};
}

Result<bool> RangeReader::advance(std::size_t from) {
  const std::size_t kept = size_ - from;
  if (offset_ == end_) {
    if (kept > 0) return failed(path_, "has a quoted value without an end", "it changed while it was scored?");
    if (next_ == ranges_end_) return false;
    offset_ = next_->begin;
    end_ = std::max(next_->begin, next_->end);
    ++next_;
  }
  std::memmove(buffer_.data() + margin, buffer_.data() + margin + from, kept);
  size_ = kept;
  begin_ = offset_ - kept;
  MLPIPE_TRY_VOID(make_room(kept));
  const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size() - 2 * margin - kept, end_ - offset_));
  char* const to = buffer_.data() + margin + kept;
  MLPIPE_TRY(const std::size_t got, read_at(file_.get(), offset_, to, part, path_));
  if (got < part) return failed(path_, "has become shorter since the step began");
  offset_ += part;
  size_ += part;
  if (offset_ == end_ && size_ > 0 && text().back() != '\n') buffer_[margin + size_++] = '\n';
  return true;
}

}  // namespace mlpipe
