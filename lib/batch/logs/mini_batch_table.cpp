#include "batch/logs/mini_batch_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/csv_text.h"

namespace mlpipe {
namespace {

constexpr std::string_view header =
    "Mini-batch Id,Picked Count,Process,Start Time,Total,Succeeded,Failed,Elapsed Seconds,Process Seconds,Run Method Seconds,Status,"
    "Error Category,Error Message,Mini-batch Detail\n";
constexpr std::size_t longest_message = 1000;
constexpr std::size_t large = 1u << 20;

std::string_view status_of(TryEnd end) {
  switch (end) {
    case TryEnd::done: return "RUN_DONE";
    case TryEnd::timeout: return "RUN_TIMEOUT";
    case TryEnd::exception:
    case TryEnd::crash:
    case TryEnd::out_of_memory: return "RUN_EXCEPTION";
  }
  return {};
}

std::string_view category_of(const EndedTry& ended) {
  switch (ended.end) {
    case TryEnd::done: return ended.failed > 0 ? "items" : "";
    case TryEnd::timeout: return "timeout";
    case TryEnd::exception: return "exception";
    case TryEnd::crash: return "crash";
    case TryEnd::out_of_memory: return "out_of_memory";
  }
  return {};
}

// Quicker than a format string: a line has a dozen numbers.
void append_number(std::string& out, std::uint64_t number) {
  const fmt::format_int text(number);
  out.append(text.data(), text.size());
}

void append_digits(std::string& out, std::uint64_t number, std::size_t digits) {
  const fmt::format_int text(number);
  if (text.size() < digits) out.append(digits - text.size(), '0');
  out.append(text.data(), text.size());
}

}  // namespace

MiniBatchTable::MiniBatchTable(Path file) : file_(std::move(file)), buffer_(header) {}

void MiniBatchTable::add(const EndedTry& ended) {
  append_number(buffer_, ended.mini_batch);
  buffer_ += ',';
  append_number(buffer_, ended.picked);
  buffer_ += ",process";
  append_digits(buffer_, static_cast<std::uint64_t>(ended.worker), 3);
  buffer_ += ',';
  add_time(ended.start);
  const auto failed = std::min(ended.failed, ended.items);
  for (const auto count : {ended.items, ended.items - failed, failed}) {
    buffer_ += ',';
    append_number(buffer_, count);
  }
  for (const auto time : {ended.elapsed, ended.process, ended.run}) add_seconds(time);
  buffer_ += ',';
  buffer_ += status_of(ended.end);
  buffer_ += ',';
  buffer_ += category_of(ended);
  buffer_ += ',';
  append_csv(buffer_, std::string_view(ended.message).substr(0, longest_message));
  buffer_ += ',';
  add_detail(ended);
  buffer_ += '\n';
  if (buffer_.size() > large) flush();
}

// Thousands of lines share a second.
void MiniBatchTable::add_time(WallTime time) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(time);
  if (whole != second_ || second_text_.empty()) {
    second_ = whole;
    second_text_ = format_utc(time);
    second_text_.resize(second_text_.size() - 4);
  }
  buffer_ += second_text_;
  append_digits(buffer_, static_cast<std::uint64_t>(floor<milliseconds>(time - whole).count()), 3);
  buffer_ += 'Z';
}

void MiniBatchTable::add_seconds(std::chrono::nanoseconds time) {
  const auto us = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(time).count());
  buffer_ += ',';
  append_number(buffer_, static_cast<std::uint64_t>(us) / 1'000'000);
  buffer_ += '.';
  append_digits(buffer_, static_cast<std::uint64_t>(us) % 1'000'000, 6);
}

void MiniBatchTable::add_detail(const EndedTry& ended) {
  detail_ = "{\"items\": ";
  append_number(detail_, ended.items);
  if (ended.first) detail_ += fmt::format(", \"first\": {}", *ended.first);
  detail_ += ", \"paths\": [";
  const auto shown = std::min<std::size_t>(ended.paths.size(), paths_shown);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) detail_ += ", ";
    append_json(detail_, ended.paths[i]);
  }
  detail_ += "]}";
  append_quoted(buffer_, detail_);
}

void MiniBatchTable::flush() {
  file_.append(buffer_);
  buffer_.clear();
}

}  // namespace mlpipe
