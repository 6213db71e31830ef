#include "worker/server_channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "system/files.h"

namespace mlpipe::server_wire {
namespace {

constexpr std::size_t most_descriptors = 3;
constexpr std::uint32_t longest_frame = 64u << 20;

Error malformed() { return {ErrorKind::step_failed, "malformed frame on the scoring server's socket", ""}; }

class Writer {
 public:
  template <class T>
  void operator()(T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void operator()(std::string& text) {
    auto size = static_cast<std::uint32_t>(text.size());
    (*this)(size);
    bytes_ += text;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class BodyReader {
 public:
  explicit BodyReader(std::string_view rest) : rest_(rest) {}

  template <class T>
  void operator()(T& value) {
    if (!good_ || rest_.size() < sizeof value) return void(good_ = false);
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
  }
  void operator()(std::string& text) {
    std::uint32_t size = 0;
    (*this)(size);
    if (!good_ || rest_.size() < size) return void(good_ = false);
    text = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  bool complete() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

// The fields of each message, in their order on the wire: written down once, walked by both directions.
template <class Walk> void walk(Open& m, Walk& field) { field(m.module), field(m.configuration); }
template <class Walk> void walk(Fork& m, Walk& field) { field(m.number); }
template <class Walk> void walk(Opened& m, Walk& field) { field(m.version); }
template <class Walk> void walk(OpenFailed& m, Walk& field) { field(m.reason); }
template <class Walk> void walk(Forked& m, Walk& field) { field(m.number), field(m.pid); }
template <class Walk> void walk(ForkFailed& m, Walk& field) { field(m.number), field(m.reason); }
template <class Walk> void walk(Exited& m, Walk& field) { field(m.number), field(m.status), field(m.peak_rss), field(m.cpu_us); }

template <std::size_t index = 0>
std::optional<Message> decode(std::uint8_t type, std::string_view body) {
  if constexpr (index == std::variant_size_v<Message>) {
    return std::nullopt;
  } else {
    if (type != index + 1) return decode<index + 1>(type, body);
    std::variant_alternative_t<index, Message> message;
    BodyReader reader(body);
    walk(message, reader);
    if (!reader.complete()) return std::nullopt;
    return message;
  }
}

std::string encode(Message message) {
  Writer body;
  std::visit([&](auto& m) { walk(m, body); }, message);
  Writer frame;
  auto length = static_cast<std::uint32_t>(body.bytes().size() + 1);
  auto type = static_cast<std::uint8_t>(message.index() + 1);
  frame(length), frame(type);
  return frame.bytes() + body.bytes();
}

Error socket_error(const char* action) {
  return {ErrorKind::step_failed, std::string("cannot ") + action + " the scoring server's socket: " + std::strerror(errno), ""};
}

union ControlBuffer {
  cmsghdr header;
  char bytes[CMSG_SPACE(most_descriptors * sizeof(int))];
};

void attach(msghdr& header, ControlBuffer& control, const std::vector<int>& descriptors) {
  if (descriptors.empty()) return;
  std::memset(&control, 0, sizeof control);
  header.msg_control = &control;
  header.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
  std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size() * sizeof(int));
}

void collect(msghdr& header, std::deque<Fd>& descriptors) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t i = 0; i < (part->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
}

}  // namespace

std::size_t descriptors_of(const Message& message) {
  if (std::holds_alternative<Fork>(message)) return 3;
  return std::holds_alternative<Forked>(message) ? 1 : 0;
}

Status Channel::send(const Message& message, const std::vector<int>& descriptors) {
  const std::string frame = encode(message);
  for (std::size_t sent = 0; sent < frame.size();) {
    iovec data{const_cast<char*>(frame.data()) + sent, frame.size() - sent};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    ControlBuffer control;
    if (sent == 0) attach(header, control, descriptors);
    const ssize_t wrote = ::sendmsg(socket_, &header, MSG_NOSIGNAL);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return socket_error("write to");
    sent += static_cast<std::size_t>(wrote);
  }
  return {};
}

Result<bool> Channel::fill(bool wait) {
  char buffer[4096];
  for (;;) {
    iovec data{buffer, sizeof buffer};
    ControlBuffer control;
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = &control;
    header.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(socket_, &header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (got < 0 && errno == ECONNRESET) return false;
    if (got < 0) return socket_error("read from");
    if (got == 0) return false;
    collect(header, descriptors_);
    bytes_.append(buffer, static_cast<std::size_t>(got));
    wait = false;
  }
}

Result<std::optional<Received>> Channel::next() {
  std::uint32_t length = 0;
  if (bytes_.size() < sizeof length) return std::optional<Received>();
  std::memcpy(&length, bytes_.data(), sizeof length);
  if (length == 0 || length > longest_frame) return malformed();
  if (bytes_.size() - sizeof length < length) return std::optional<Received>();
  auto message = decode(static_cast<std::uint8_t>(bytes_[sizeof length]), std::string_view(bytes_).substr(sizeof length + 1, length - 1));
  if (!message || descriptors_of(*message) > descriptors_.size()) return malformed();
  bytes_.erase(0, sizeof length + length);
  Received received{std::move(*message), {}};
  for (std::size_t i = descriptors_of(received.message); i > 0; --i) {
    received.descriptors.push_back(std::move(descriptors_.front()));
    descriptors_.pop_front();
  }
  return std::optional(std::move(received));
}

}  // namespace mlpipe::server_wire
