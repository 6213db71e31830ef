#include "base/csv_scan.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mlpipe {
namespace {

const char* find(const char* at, const char* end, char byte) {
  const auto* found = static_cast<const char*>(std::memchr(at, byte, static_cast<std::size_t>(end - at)));
  return found ? found : end;
}

}  // namespace

CsvScanner::CsvScanner(char delimiter) : delimiter_(delimiter) {
  for (const char byte : {delimiter, '\n', '\r'}) stops_[static_cast<unsigned char>(byte)] = true;
}

void CsvScanner::feed(std::string_view bytes, const Sink& sink) {
  if (bytes.empty()) return;
  block_ = bytes.data();
  end_ = block_ + bytes.size();
  quote_ = cr_ = nullptr;
  for (const char* at = block_; at < end_;) {
    if (state_ == State::line) at = take_lines(at, sink);
    if (at < end_) at = take_bytes(at, sink);
  }
  block_offset_ += bytes.size();
}

// As long as lines have neither quotes nor anything else that asks for a look at each byte.
const char* CsvScanner::take_lines(const char* at, const Sink& sink) {
  while (at < end_) {
    begin_ = offset(at);
    const char* line_break = find(at, end_, '\n');
    if (line_break == end_) return at;
    if (quote_ < at) quote_ = find(at, end_, '"');
    if (cr_ < at) cr_ = find(at, end_, '\r');
    const char* text_end = cr_ + 1 == line_break ? cr_ : line_break;
    if (quote_ < line_break || cr_ < text_end || is_blank(*at)) return at;
    if (at != text_end) sink(begin_, offset(line_break) + 1);
    at = line_break + 1;
  }
  begin_ = offset(at);
  return at;
}

const char* CsvScanner::take_bytes(const char* at, const Sink& sink) {
  do {
    at = take_byte(at, sink);
  } while (at < end_ && state_ != State::line);
  return at;
}

const char* CsvScanner::take_byte(const char* at, const Sink& sink) {
  switch (state_) {
    case State::mark: return take_mark(at);
    case State::line: return take_line_start(at);
    case State::blank_line: return take_blank(at);
    case State::after_blank_cr:
    case State::after_cr: return end_row(at, sink);
    case State::field_start:
    case State::field:
    case State::quote: return take_text(at, sink);
    case State::quoted: return take_quoted(at);
  }
  return at;
}

const char* CsvScanner::take_mark(const char* at) {
  if (*at == byte_order_mark[static_cast<std::size_t>(mark_bytes_)]) {
    if (++mark_bytes_ == 3) {
      state_ = State::line;
      begin_ = offset(at) + 1;
    }
    return at + 1;
  }
  state_ = mark_bytes_ > 0 ? State::field : State::line;
  return at;
}

const char* CsvScanner::take_line_start(const char* at) {
  begin_ = offset(at);
  if (*at == '\n') return at + 1;
  if (*at == '\r') state_ = State::after_blank_cr;
  else if (is_blank(*at)) state_ = State::blank_line;
  else {
    state_ = State::field_start;
    return at;
  }
  return at + 1;
}

const char* CsvScanner::take_blank(const char* at) {
  if (is_blank(*at)) return at + 1;
  if (*at == '\n') state_ = State::line;
  else if (*at == '\r') state_ = State::after_blank_cr;
  else {
    state_ = State::field;
    return at;
  }
  return at + 1;
}

const char* CsvScanner::take_text(const char* at, const Sink& sink) {
  if (state_ != State::field && *at == '"') {
    state_ = State::quoted;  // it opens, or the one before was half of a doubled one
    return at + 1;
  }
  state_ = State::field;
  while (at < end_ && !stops_[static_cast<unsigned char>(*at)]) ++at;
  if (at == end_) return at;
  if (*at == delimiter_) state_ = State::field_start;
  else if (*at == '\r') state_ = State::after_cr;
  else {
    sink(begin_, offset(at) + 1);
    state_ = State::line;
  }
  return at + 1;
}

const char* CsvScanner::take_quoted(const char* at) {
  at = find(at, end_, '"');
  if (at == end_) return at;
  state_ = State::quote;
  return at + 1;
}

// Behind a '\r': a '\n' belongs to it.
const char* CsvScanner::end_row(const char* at, const Sink& sink) {
  if (*at == '\n') ++at;
  if (state_ == State::after_cr) sink(begin_, offset(at));
  state_ = State::line;
  begin_ = offset(at);
  return at;
}

bool CsvScanner::finish(const Sink& sink) {
  if (state_ == State::quoted) return false;
  const bool row = state_ == State::field_start || state_ == State::field || state_ == State::quote || state_ == State::after_cr ||
                   (state_ == State::mark && mark_bytes_ > 0);
  if (row) sink(begin_, block_offset_);
  return true;
}

void LineScanner::feed(std::string_view bytes, const Sink& sink) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto line_break = bytes.find('\n', at);
    const auto end = std::min(line_break, bytes.size());
    text_ = text_ || bytes.substr(at, end - at).find_first_not_of(blanks_) != std::string_view::npos;
    if (line_break == std::string_view::npos) break;
    if (std::exchange(text_, false)) sink(begin_, offset_ + line_break + 1);
    begin_ = offset_ + line_break + 1;
    at = line_break + 1;
  }
  offset_ += bytes.size();
}

bool LineScanner::finish(const Sink& sink) {
  if (text_) sink(begin_, offset_);
  return true;
}

// Behind an opening quote: appends the text up to the closing one, and gives what is behind that. nullptr: there is none.
const char* CsvRecord::take_quoted(const char* at, const char* end) {
  for (;;) {
    const char* quote = find(at, end, '"');
    text_.append(at, quote);
    if (quote == end) return nullptr;
    at = quote + 1;
    if (at == end || *at != '"') return at;
    text_ += *at++;
  }
}

std::size_t CsvRecord::take(std::string_view text, char delimiter) {
  text_.clear();
  ends_.clear();
  const char* const end = text.data() + text.size();
  bool at_start = true;  // of a field
  for (const char* at = text.data(); at < end;) {
    if (*at == delimiter) {
      ends_.push_back(text_.size());
      at_start = true;
      ++at;
    } else if (*at == '\n' || *at == '\r') {
      ends_.push_back(text_.size());
      const bool pair = *at == '\r' && at + 1 < end && at[1] == '\n';
      return *at == '\r' && at + 1 == end ? 0 : static_cast<std::size_t>(at - text.data()) + (pair ? 2 : 1);
    } else if (at_start && *at == '"') {
      at_start = false;
      at = take_quoted(at + 1, end);
      if (!at) break;
    } else {
      at_start = false;
      text_ += *at++;
    }
  }
  ends_.push_back(text_.size());
  return 0;
}

std::vector<std::string> csv_fields(std::string_view record, char delimiter) {
  CsvRecord taken;
  taken.take(record, delimiter);
  std::vector<std::string> fields;
  for (std::size_t field = 0; field < taken.size(); ++field) fields.emplace_back(taken[field]);
  return fields;
}

}  // namespace mlpipe
