#include "worker/server_channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "system/files.h"
#include "worker/frame.h"

namespace mlpipe::server_wire {
namespace {

constexpr std::size_t most_descriptors = 3;
constexpr std::uint32_t longest_frame = 64u << 20;

Error malformed() { return {ErrorKind::step_failed, "malformed frame on the fork server's socket", ""}; }

// What walk() hands the fields of a message to.
struct Put {
  FrameWriter& frame;
  template <class T>
  void operator()(const T& value) { frame.number(value); }
  void operator()(const std::string& value) { frame.text(value); }
};

struct Get {
  FrameBody& body;
  template <class T>
  void operator()(T& value) { value = body.number<T>(); }
  void operator()(std::string& value) { value = body.text(); }
};

// The fields of each message, in their order on the wire: written down once, walked by both directions.
template <class Walk> void walk(Open& m, Walk& field) { field(m.module), field(m.configuration); }
template <class Walk> void walk(Fork& m, Walk& field) { field(m.number); }
template <class Walk> void walk(Opened& m, Walk& field) { field(m.facts); }
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
    FrameBody fields(body);
    Get get{fields};
    walk(message, get);
    if (!fields.whole()) return std::nullopt;
    return message;
  }
}

std::string encode(Message message) {
  FrameWriter frame(static_cast<std::uint8_t>(message.index() + 1));
  Put put{frame};
  std::visit([&](auto& m) { walk(m, put); }, message);
  return frame.take();
}

Error socket_error(const char* action) {
  return {ErrorKind::step_failed, std::string("cannot ") + action + " the fork server's socket: " + std::strerror(errno), ""};
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
  Frame frame;
  const FrameState state = first_frame(bytes_, longest_frame, frame);
  if (state == FrameState::unfinished) return std::optional<Received>();
  auto message = state == FrameState::whole ? decode(frame.type, frame.body) : std::nullopt;
  if (!message || descriptors_of(*message) > descriptors_.size()) return malformed();
  bytes_.erase(0, frame.size);
  Received received{std::move(*message), {}};
  for (std::size_t i = descriptors_of(received.message); i > 0; --i) {
    received.descriptors.push_back(std::move(descriptors_.front()));
    descriptors_.pop_front();
  }
  return std::optional(std::move(received));
}

}  // namespace mlpipe::server_wire
