// The wire between the runner and its workers: length-prefixed frames on a socketpair. References travel, never data:
// paths in, rows out. The Python side of the same is worker/python/mlpipe_worker.py; both are tested against each other.
//
//   frame   u32 length (of what follows), u8 type, body. Integers are little-endian.
//   str     u32 length, bytes (file names are bytes: Python decodes them with surrogateescape)
//   fields  u32 count, count x (str key, str value); a list is a key that repeats
//
//   runner -> worker
//     1 init         fields: entry_script, source_directory, output, argument..., see worker/python/mlpipe_worker.py
//     2 mini_batch   u64 id, u32 attempt, u8 kind (0: files), u32 count, count x str
//     3 stop         (shutdown() is called, then the worker says bye and exits 0)
//   worker -> runner
//    10 ready        u64 microseconds that init() took
//    11 init_failed  str summary (one line), str traceback
//    12 result       u64 id, u32 attempt, u32 items, u32 returned, u64 microseconds in run(),
//                    u32 count, count x (u32 item number, str reason)  failed items that the worker can name,
//                    rows: the rest of the frame, as they go into the output file
//    13 failed       u64 id, u32 attempt, str summary, str traceback
//    14 header       u64 id, the rest of the frame: the column names of a DataFrame's rows, before its result and whenever they changed
//    15 bye          str what shutdown() raised, or empty
// A worker works on one mini-batch at a time in the order they came, so its next one starts when it has answered the last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace mlpipe::wire {

inline constexpr std::uint32_t longest_frame = 1u << 30;  // a longer one means a broken worker

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Init {
  Fields fields;
};
struct MiniBatch {
  std::uint64_t id = 0;
  std::uint32_t attempt = 1;
  std::vector<std::string> items;
};
struct Stop {};
struct Ready {
  std::uint64_t init_us = 0;
};
struct InitFailed {
  std::string summary, traceback;
};
struct FailedItem {
  std::uint32_t number = 0;  // within the mini-batch, from 0
  std::string reason;
};
struct MiniBatchResult {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0, items = 0, returned = 0;
  std::uint64_t run_us = 0;
  std::vector<FailedItem> failed;
  std::string rows;
};
struct MiniBatchFailed {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  std::string summary, traceback;
};
struct RowsHeader {
  std::uint64_t id = 0;  // the mini-batch whose rows it stands over
  std::string text;      // with its line end
};
struct Bye {
  std::string error;
};

using ToWorker = std::variant<Init, MiniBatch, Stop>;
using FromWorker = std::variant<Ready, InitFailed, MiniBatchResult, MiniBatchFailed, RowsHeader, Bye>;

std::string encode(const ToWorker& message);    // a whole frame
std::string encode(const FromWorker& message);

// Cuts a byte stream into messages. Malformed frames are an error and end the stream: nothing that a worker sends can
// make the reader crash or allocate more than it received.
template <class Message>
class Reader {
 public:
  void feed(std::string_view bytes);
  // The next whole message; nothing: feed more.
  Result<std::optional<Message>> next();

 private:
  std::string buffer_;
  std::size_t used_ = 0;
};
extern template class Reader<ToWorker>;
extern template class Reader<FromWorker>;

}  // namespace mlpipe::wire
