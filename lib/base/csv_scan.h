// Where the records of delimited text begin and end, as pandas.read_csv sees them with its default settings (RFC 4180 and
// what is lenient about it): a quote counts only at the beginning of a field; inside quotes "" is a quote, and line breaks
// are text; what follows a closing quote up to the next delimiter belongs to the field, quotes included. A record ends with
// "\n", "\r\n", a lone "\r" or the file. Lines without a byte, or with nothing but blanks and tabs (that are no delimiter),
// are no records. A byte order mark in front is skipped. Lines without quotes cost little more than a memchr.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// Cuts a stream into rows; fed with the file's bytes in order, in pieces of any size.
class RowScanner {
 public:
  // Offsets within the file: of the row's first byte, and behind its line break.
  using Sink = std::function<void(std::uint64_t begin, std::uint64_t end)>;

  virtual ~RowScanner() = default;
  virtual void feed(std::string_view bytes, const Sink& sink) = 0;
  // The file is over. False: within quotes, the row that began at row_begin() has no end.
  virtual bool finish(const Sink& sink) = 0;
  // No row that is still to come begins before it.
  virtual std::uint64_t row_begin() const = 0;
};

class CsvScanner final : public RowScanner {
 public:
  explicit CsvScanner(char delimiter);
  void feed(std::string_view bytes, const Sink& sink) override;
  bool finish(const Sink& sink) override;
  std::uint64_t row_begin() const override { return begin_; }

 private:
  enum class State { mark, line, blank_line, after_blank_cr, field_start, field, quoted, quote, after_cr };

  const char* take_lines(const char* at, const Sink& sink);
  const char* take_bytes(const char* at, const Sink& sink);
  const char* take_byte(const char* at, const Sink& sink);
  const char* take_mark(const char* at);
  const char* take_line_start(const char* at);
  const char* take_blank(const char* at);
  const char* take_text(const char* at, const Sink& sink);
  const char* take_quoted(const char* at);
  const char* end_row(const char* at, const Sink& sink);
  std::uint64_t offset(const char* at) const { return block_offset_ + static_cast<std::uint64_t>(at - block_); }
  bool is_blank(char byte) const { return (byte == ' ' || byte == '\t') && byte != delimiter_; }

  const char delimiter_;
  bool stops_[256] = {};          // bytes that end a run of a field's text
  State state_ = State::mark;
  int mark_bytes_ = 0;            // of the byte order mark, seen so far
  std::uint64_t begin_ = 0;       // of the current row
  std::uint64_t block_offset_ = 0;
  const char* block_ = nullptr;   // the bytes being fed
  const char* end_ = nullptr;
  const char* quote_ = nullptr;   // the next quote and the next '\r' in them that are known; end_: there is none
  const char* cr_ = nullptr;
};

// A row is a line with more than `blanks` on it: JSON lines, or delimited text whose quotes do not reach over line breaks.
class LineScanner final : public RowScanner {
 public:
  explicit LineScanner(std::string_view blanks = " \t\r\n\v\f") : blanks_(blanks) {}
  void feed(std::string_view bytes, const Sink& sink) override;
  bool finish(const Sink& sink) override;
  std::uint64_t row_begin() const override { return begin_; }

 private:
  std::string_view blanks_;
  std::uint64_t begin_ = 0, offset_ = 0;
  bool text_ = false;  // the current line has some
};

// The fields of one record as its scanner delimits it, quotes removed and doubled ones halved. Keeps its memory from record to record.
class CsvRecord {
 public:
  // Takes apart the record that `text` begins with, up to its line break. Returns how long it is with that; 0: where it ends is behind
  // the text.
  std::size_t take(std::string_view text, char delimiter);

  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t field) const {
    const std::size_t begin = field == 0 ? 0 : ends_[field - 1];
    return std::string_view(text_).substr(begin, ends_[field] - begin);
  }

 private:
  const char* take_quoted(const char* at, const char* end);

  std::string text_;  // of all fields
  std::vector<std::size_t> ends_;
};

// The same, once.
std::vector<std::string> csv_fields(std::string_view record, char delimiter);

}  // namespace mlpipe
