// The wire between the runner and its workers: length-prefixed frames on a socketpair. References travel, never data:
// paths in, rows out. The Python side of the same is worker/python/mlpipe_worker.py; both are tested against each other.
//
//   frame   u32 length (of what follows), u8 type, body. Integers are little-endian.
//   str     u32 length, bytes (file names are bytes: Python decodes them with surrogateescape)
//   fields  u32 count, count x (str key, str value); a list is a key that repeats
//
//   runner -> worker
//     1 init         fields: entry_script, source_directory, argument..., see worker/python/mlpipe_worker.py
//     2 mini_batch   u64 id, u32 attempt, u8 kind, u32 items, and what the kind asks for:
//                    0 files       items x str
//                    1 file group  items x str, keys
//                    2 table       u64 number of the first row within its input, u32 rows of the whole mini-batch, u32 first of
//                                  those that count, keys, pieces; of an MLTable then its transformations and pieces to know the
//                                  types of its columns from: str (JSON; empty: a plain table, and nothing follows), pieces
//                    3 rank        nothing: run() gets an empty list
//                    keys    u32 count, count x (str name, u8 type (0: text, 1: time, as 2019-01-31T23:59:59), str value)
//                    pieces  u32 count, count x piece
//                    piece   str path, u8 format (0: CSV, 1: JSON lines, 2: Parquet), str delimiter, u8 has a header,
//                            u64 bytes of the header (a byte order mark is one of its parts), u32 count, count x (u64 begin,
//                            u64 end): bytes, or row groups; keys: columns that the path gives; str the file that has the
//                            header (empty: itself)
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
inline constexpr std::size_t longest_rows = longest_frame / 2;  // of one mini-batch: what else its answer holds has room

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Init {
  Fields fields;
};
// A partition key, or a column that a file's path gives.
struct Key {
  enum class Type : std::uint8_t { text, time };
  std::string name;
  Type type = Type::text;
  std::string value;

  friend bool operator==(const Key&, const Key&) = default;
};
struct TablePiece {
  enum class Format : std::uint8_t { delimited, json_lines, parquet };
  struct Range {
    std::uint64_t begin = 0, end = 0;  // bytes; of Parquet, row groups

    friend bool operator==(const Range&, const Range&) = default;
  };
  std::string path;
  Format format = Format::delimited;
  std::string delimiter;
  bool header = false;
  std::uint64_t header_bytes = 0;
  std::vector<Range> ranges;
  std::vector<Key> columns;
  std::string header_path;  // the file whose header names the columns; empty: this one

  friend bool operator==(const TablePiece&, const TablePiece&) = default;
};
struct MiniBatch {
  enum class Kind : std::uint8_t { files, file_group, table, rank };
  std::uint64_t id = 0;
  std::uint32_t attempt = 1;
  std::vector<std::string> items;  // of files: their paths
  Kind kind = Kind::files;
  std::vector<Key> keys;           // of a group
  // Of a table. Items are `row_count` rows from `row_first` on, of the `rows` that the pieces have together; `first_row` is
  // the number of the first of them within its input.
  std::uint64_t first_row = 0;
  std::uint32_t rows = 0, row_first = 0, row_count = 0;
  std::vector<TablePiece> pieces;
  std::string transformations;     // MLTable::transformations; empty: a plain table
  std::vector<TablePiece> sample;  // of an MLTable: its first rows, at the least; ranges may go past a file's end
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
  bool printed = false;  // known: in this one or an earlier one. What it has printed so far stands in the pipes when this is sent
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
