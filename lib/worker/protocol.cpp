#include "worker/protocol.h"

#include "worker/frame.h"

namespace mlpipe::wire {
namespace {

enum Type : std::uint8_t { init = 1, mini_batch = 2, stop = 3, ready = 10, init_failed = 11, result = 12, failed = 13, header = 14, bye = 15 };

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

void write_pieces(FrameWriter& writer, const std::vector<TablePiece>& pieces) {
  writer.count(pieces.size());
  for (const auto& piece : pieces) {
    writer.text(piece.path).number(piece.format).text(piece.delimiter).number(piece.header).number(piece.header_bytes);
    writer.count(piece.ranges.size());
    for (const auto& range : piece.ranges) writer.number(range.begin).number(range.end);
    write_keys(writer, piece.columns);
    writer.text(piece.header_path);
  }
}

void write_table(FrameWriter& writer, const MiniBatch& message) {
  writer.number(message.first_row).number(message.rows).number(message.row_first);
  write_keys(writer, message.keys);
  write_pieces(writer, message.pieces);
  writer.text(message.transformations);
  if (!message.transformations.empty()) write_pieces(writer, message.sample);
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
  writer.number(static_cast<std::uint32_t>(message.printed));
  writer.count(message.failed.size());
  for (const auto& item : message.failed) writer.number(item.number).text(item.reason);
  return writer.raw(message.rows).take();
}

std::string frame(const MiniBatchFailed& message) {
  return FrameWriter(failed).number(message.id).number(message.attempt).text(message.summary).text(message.traceback).take();
}

std::string frame(const RowsHeader& message) { return FrameWriter(header).number(message.id).raw(message.text).take(); }

std::string frame(const Bye& message) { return FrameWriter(bye).text(message.error).take(); }

Init read_init(FrameBody& body) {
  Init message;
  const auto count = body.count(8);
  message.fields.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto key = body.text();
    message.fields.emplace_back(std::move(key), body.text());
  }
  return message;
}

std::vector<Key> read_keys(FrameBody& body) {
  std::vector<Key> keys(body.count(9));
  for (auto& key : keys) {
    key.name = body.text();
    key.type = body.one_of(Key::Type::time);
    key.value = body.text();
  }
  return keys;
}

TablePiece read_piece(FrameBody& body) {
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
  piece.header_path = body.text();
  return piece;
}

std::vector<TablePiece> read_pieces(FrameBody& body) {
  std::vector<TablePiece> pieces;
  for (auto count = body.count(30); count > 0; --count) pieces.push_back(read_piece(body));
  return pieces;
}

void read_table(FrameBody& body, MiniBatch& message) {
  message.row_count = body.number<std::uint32_t>();
  message.first_row = body.number<std::uint64_t>();
  message.rows = body.number<std::uint32_t>();
  message.row_first = body.number<std::uint32_t>();
  message.keys = read_keys(body);
  message.pieces = read_pieces(body);
  message.transformations = body.text();
  if (!message.transformations.empty()) message.sample = read_pieces(body);
}

MiniBatch read_mini_batch(FrameBody& body) {
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

MiniBatchResult read_result(FrameBody& body) {
  MiniBatchResult message;
  message.id = body.number<std::uint64_t>();
  message.attempt = body.number<std::uint32_t>();
  message.items = body.number<std::uint32_t>();
  message.returned = body.number<std::uint32_t>();
  message.run_us = body.number<std::uint64_t>();
  message.printed = body.number<std::uint32_t>() != 0;
  const auto count = body.count(8);
  message.failed.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = body.number<std::uint32_t>();
    message.failed.push_back({number, body.text()});
  }
  message.rows = body.rest();
  return message;
}

MiniBatchFailed read_failed(FrameBody& body) {
  MiniBatchFailed message;
  message.id = body.number<std::uint64_t>();
  message.attempt = body.number<std::uint32_t>();
  message.summary = body.text();
  message.traceback = body.text();
  return message;
}

std::optional<ToWorker> read(std::uint8_t type, FrameBody& body, const ToWorker*) {
  switch (type) {
    case init: return read_init(body);
    case mini_batch: return read_mini_batch(body);
    case stop: return Stop{};
    default: return std::nullopt;
  }
}

std::optional<FromWorker> read(std::uint8_t type, FrameBody& body, const FromWorker*) {
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
  Frame frame;
  switch (first_frame(waiting, longest_frame, frame)) {
    case FrameState::unfinished: return std::optional<Message>{};
    case FrameState::malformed: return malformed("a frame of " + std::to_string(frame.size) + " bytes");
    case FrameState::whole: break;
  }
  FrameBody body(frame.body);
  auto message = read(frame.type, body, static_cast<const Message*>(nullptr));
  if (!message) return malformed("type " + std::to_string(frame.type));
  if (!body.whole()) return malformed("type " + std::to_string(frame.type) + " with a body that does not fit");
  used_ += frame.size;
  return message;
}

template class Reader<ToWorker>;
template class Reader<FromWorker>;

}  // namespace mlpipe::wire
