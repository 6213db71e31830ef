// The frames that processes of ours send each other: u32 length (of what follows), u8 type, body. Integers are little-endian.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mlpipe {

static_assert(std::endian::native == std::endian::little, "frames are copied as they are");

class FrameWriter {
 public:
  explicit FrameWriter(std::uint8_t type) {
    frame_.resize(sizeof(std::uint32_t));  // the length, filled in by take()
    number(type);
  }

  template <class T>
  FrameWriter& number(T value) {
    frame_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  FrameWriter& count(std::size_t value) { return number(static_cast<std::uint32_t>(value)); }
  FrameWriter& text(std::string_view value) {
    count(value.size());
    return raw(value);
  }
  FrameWriter& raw(std::string_view value) {
    frame_.append(value);
    return *this;
  }
  std::string take() {
    const auto length = static_cast<std::uint32_t>(frame_.size() - sizeof(std::uint32_t));
    std::memcpy(frame_.data(), &length, sizeof length);
    return std::move(frame_);
  }

 private:
  std::string frame_;
};

// Reads a body. Every read past the end makes it bad for good and yields zeros, so that callers check once, at the end.
class FrameBody {
 public:
  explicit FrameBody(std::string_view bytes) : rest_(bytes) {}

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

// The frame that `bytes` begin with, into the same bytes.
struct Frame {
  std::uint8_t type = 0;
  std::string_view body;
  std::size_t size = 0;  // of all of it
};

enum class FrameState { whole, unfinished, malformed };

// malformed: no type, or longer than `longest`; `frame.size` says how long.
inline FrameState first_frame(std::string_view bytes, std::uint32_t longest, Frame& frame) {
  std::uint32_t length = 0;
  if (bytes.size() < sizeof length) return FrameState::unfinished;
  std::memcpy(&length, bytes.data(), sizeof length);
  frame.size = sizeof length + length;
  if (length == 0 || length > longest) return FrameState::malformed;
  if (bytes.size() < frame.size) return FrameState::unfinished;
  frame.type = static_cast<std::uint8_t>(bytes[sizeof length]);
  frame.body = bytes.substr(sizeof length + 1, length - 1);
  return FrameState::whole;
}

}  // namespace mlpipe
