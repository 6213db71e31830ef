// Both ends of the fork server's control socket: frames of a u32 length, a u8 type and a body, little-endian, some of them
// with descriptors (SCM_RIGHTS). What they mean: worker/scoring_server.h.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "system/fd.h"

namespace mlpipe::server_wire {

struct Open {
  std::string module, configuration;
};
struct Fork {  // with three descriptors: worker socket, stdout, stderr
  std::uint32_t number = 0;
};
struct Opened {
  std::string facts;  // scoring/model_facts.h; of others than scoring servers empty
};
struct OpenFailed {
  std::string reason;
};
struct Forked {  // with the worker's pidfd
  std::uint32_t number = 0, pid = 0;
};
struct ForkFailed {
  std::uint32_t number = 0;
  std::string reason;
};
struct Exited {
  std::uint32_t number = 0;
  std::int32_t status = 0;
  std::uint64_t peak_rss = 0, cpu_us = 0;
};
using Message = std::variant<Open, Fork, Opened, OpenFailed, Forked, ForkFailed, Exited>;

// How many descriptors come with it.
std::size_t descriptors_of(const Message& message);

struct Received {
  Message message;
  std::vector<Fd> descriptors;
};

// Does not own the socket. Sending blocks until the kernel took the whole frame, and never raises SIGPIPE.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}

  Status send(const Message& message, const std::vector<int>& descriptors = {});

  // Takes what the socket has now; waits for something when `wait`. False: the other end is closed.
  Result<bool> fill(bool wait);
  // The next whole message among what came. Error: a malformed frame.
  Result<std::optional<Received>> next();

 private:
  int socket_;
  std::string bytes_;
  std::deque<Fd> descriptors_;
};

}  // namespace mlpipe::server_wire
