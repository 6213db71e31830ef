#include "worker/protocol.h"

#include <bit>
#include <cstring>

namespace mlpipe::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "frames are little-endian and copied as they are");

enum Type : std::uint8_t { init = 1, mini_batch = 2, stop = 3, ready = 10, init_failed = 11, result = 12, failed = 13, header = 14, bye = 15 };

class FrameWriter {
 public:
  explicit FrameWriter(Type type) {
    frame_.resize(4);  // the length, filled in by take()
    number(static_cast<std::uint8_t>(type));
  }

  template <class T>
  FrameWriter& number(T value) {
    frame_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  FrameWriter& count(std::size_t value) { return number(static_cast<std::uint32_t>(value)); }
  FrameWriter& text(std::string_view value) {
    count(value.size());
    frame_.append(value);
    return *this;
  }
  FrameWriter& raw(std::string_view value) {
    frame_.append(value);
    return *this;
  }
  std::string take() {
    const auto length = static_cast<std::uint32_t>(frame_.size() - 4);
    std::memcpy(frame_.data(), &length, sizeof length);
    return std::move(frame_);
  }

 private:
  std::string frame_;
};

std::string frame(const Init& message) {
  FrameWriter writer(init);
  writer.count(message.fields.size());
  for (const auto& [key, value] : message.fields) writer.text(key).text(value);
  return writer.take();
}

void write_keys(FrameWriter& writer, const std::vector<Key>& keys) {
  writer.count(keys.size());
  for (const auto& key : keys) writer.text(key.name).number(key.type).text(key.value);
}

void write_table(FrameWriter& writer, const MiniBatch& message) {
  writer.number(message.first_row).number(message.rows).number(message.row_first);
  write_keys(writer, message.keys);
  writer.count(message.pieces.size());
  for (const auto& piece : message.pieces) {
    writer.text(piece.path).number(piece.format).text(piece.delimiter).number(piece.header).number(piece.header_bytes);
    writer.count(piece.ranges.size());
    for (const auto& range : piece.ranges) writer.number(range.begin).number(range.end);
    write_keys(writer, piece.columns);
  }
}

std::string frame(const MiniBatch& message) {
  FrameWriter writer(mini_batch);
  const bool table = message.kind == MiniBatch::Kind::table;
  writer.number(message.id).number(message.attempt).number(message.kind).count(table ? message.row_count : message.items.size());
  for (const auto& item : message.items) writer.text(item);
  if (message.kind == MiniBatch::Kind::file_group) write_keys(writer, message.keys);
  if (table) write_table(writer, message);
  return writer.take();
}

std::string frame(const Stop&) { return FrameWriter(stop).take(); }
std::string frame(const Ready& message) { return FrameWriter(ready).number(message.init_us).take(); }
std::string frame(const InitFailed& message) { return FrameWriter(init_failed).text(message.summary).text(message.traceback).take(); }

std::string frame(const MiniBatchResult& message) {
  FrameWriter writer(result);
  writer.number(message.id).number(message.attempt).number(message.items).number(message.returned).number(message.run_us);
  writer.count(message.failed.size());
  for (const auto& item : message.failed) writer.number(item.number).text(item.reason);
  return writer.raw(message.rows).take();
}

std::string frame(const MiniBatchFailed& message) {
  return FrameWriter(failed).number(message.id).number(message.attempt).text(message.summary).text(message.traceback).take();
}

std::string frame(const RowsHeader& message) { return FrameWriter(header).number(message.id).raw(message.text).take(); }

std::string frame(const Bye& message) { return FrameWriter(bye).text(message.error).take(); }

// Reads a body. Every read past the end makes it bad for good and yields zeros, so that callers check once, at the end.
class Body {
 public:
  explicit Body(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    T value{};
    if (!has(sizeof value)) return value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  // One byte, a value of an enumeration that ends with `last`.
  template <class Enumeration>
  Enumeration one_of(Enumeration last) {
    const auto value = number<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) good_ = false;
    return good_ ? static_cast<Enumeration>(value) : Enumeration{};
  }
  std::string text() {
    const auto size = number<std::uint32_t>();
    if (!has(size)) return {};
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  // A count of things that take at least `least` bytes each: never more than the body can hold.
  std::size_t count(std::size_t least) {
    const auto value = number<std::uint32_t>();
    if (value > rest_.size() / least) good_ = false;
    return good_ ? value : 0;
  }
  std::string rest() { return std::string(std::exchange(rest_, {})); }
  bool whole() const { return good_ && rest_.empty(); }

 private:
  bool has(std::size_t size) {
    if (size > rest_.size()) good_ = false;
    return good_;
  }

  std::string_view rest_;
  bool good_ = true;
};

Init read_init(Body& body) {
  Init message;
  const auto count = body.count(8);
  message.fields.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto key = body.text();
    message.fields.emplace_back(std::move(key), body.text());
  }
  return message;
}

std::vector<Key> read_keys(Body& body) {
  std::vector<Key> keys(body.count(9));
  for (auto& key : keys) {
    key.name = body.text();
    key.type = body.one_of(Key::Type::time);
    key.value = body.text();
  }
  return keys;
}

TablePiece read_piece(Body& body) {
  TablePiece piece;
  piece.path = body.text();
  piece.format = body.one_of(TablePiece::Format::parquet);
  piece.delimiter = body.text();
  piece.header = body.number<std::uint8_t>() != 0;
  piece.header_bytes = body.number<std::uint64_t>();
  piece.ranges.resize(body.count(16));
  for (auto& range : piece.ranges) {
    range.begin = body.number<std::uint64_t>();
    range.end = body.number<std::uint64_t>();
  }
  piece.columns = read_keys(body);
  return piece;
}

void read_table(Body& body, MiniBatch& message) {
  message.row_count = body.number<std::uint32_t>();
  message.first_row = body.number<std::uint64_t>();
  message.rows = body.number<std::uint32_t>();
  message.row_first = body.number<std::uint32_t>();
  message.keys = read_keys(body);
  for (auto count = body.count(26); count > 0; --count) message.pieces.push_back(read_piece(body));
}

MiniBatch read_mini_batch(Body& body) {
  MiniBatch message;
  message.id = body.number<std::uint64_t>();
  message.attempt = body.number<std::uint32_t>();
  message.kind = body.one_of(MiniBatch::Kind::rank);
  if (message.kind == MiniBatch::Kind::table) {
    read_table(body, message);
    return message;
  }
  const auto count = body.count(4);
  message.items.reserve(count);
  for (std::size_t i = 0; i < count; ++i) message.items.push_back(body.text());
  if (message.kind == MiniBatch::Kind::file_group) message.keys = read_keys(body);
  return message;
}

MiniBatchResult read_result(Body& body) {
  MiniBatchResult message;
  message.id = body.number<std::uint64_t>();
  message.attempt = body.number<std::uint32_t>();
  message.items = body.number<std::uint32_t>();
  message.returned = body.number<std::uint32_t>();
  message.run_us = body.number<std::uint64_t>();
  const auto count = body.count(8);
  message.failed.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = body.number<std::uint32_t>();
    message.failed.push_back({number, body.text()});
  }
  message.rows = body.rest();
  return message;
}

MiniBatchFailed read_failed(Body& body) {
  MiniBatchFailed message;
  message.id = body.number<std::uint64_t>();
  message.attempt = body.number<std::uint32_t>();
  message.summary = body.text();
  message.traceback = body.text();
  return message;
}

std::optional<ToWorker> read(std::uint8_t type, Body& body, const ToWorker*) {
  switch (type) {
    case init: return read_init(body);
    case mini_batch: return read_mini_batch(body);
    case stop: return Stop{};
    default: return std::nullopt;
  }
}

std::optional<FromWorker> read(std::uint8_t type, Body& body, const FromWorker*) {
  switch (type) {
    case ready: return Ready{body.number<std::uint64_t>()};
    case init_failed: {
      auto summary = body.text();
      return InitFailed{std::move(summary), body.text()};
    }
    case result: return read_result(body);
    case failed: return read_failed(body);
    case header: {
      const auto id = body.number<std::uint64_t>();
      return RowsHeader{id, body.rest()};
    }
    case bye: return Bye{body.text()};
    default: return std::nullopt;
  }
}

Error malformed(std::string what) { return {ErrorKind::step_failed, "malformed message on the worker's socket: " + std::move(what), {}}; }

}  // namespace

std::string encode(const ToWorker& message) {
  return std::visit([](const auto& m) { return frame(m); }, message);
}

std::string encode(const FromWorker& message) {
  return std::visit([](const auto& m) { return frame(m); }, message);
}

template <class Message>
void Reader<Message>::feed(std::string_view bytes) {
  if (used_ == buffer_.size()) {
    buffer_.clear();
    used_ = 0;
  } else if (used_ > buffer_.size() / 2) {
    buffer_.erase(0, std::exchange(used_, 0));
  }
  buffer_.append(bytes);
}

template <class Message>
Result<std::optional<Message>> Reader<Message>::next() {
  const std::string_view waiting = std::string_view(buffer_).substr(used_);
  std::uint32_t length = 0;
  if (waiting.size() < sizeof length) return std::optional<Message>{};
  std::memcpy(&length, waiting.data(), sizeof length);
  if (length == 0 || length > longest_frame) return malformed("a frame of " + std::to_string(length) + " bytes");
  if (waiting.size() - sizeof length < length) return std::optional<Message>{};
  const auto type = static_cast<std::uint8_t>(waiting[4]);
  Body body(waiting.substr(5, length - 1));
  auto message = read(type, body, static_cast<const Message*>(nullptr));
  if (!message) return malformed("type " + std::to_string(type));
  if (!body.whole()) return malformed("type " + std::to_string(type) + " with a body that does not fit");
  used_ += sizeof length + length;
  return message;
}

template class Reader<ToWorker>;
template class Reader<FromWorker>;

}  // namespace mlpipe::wire
