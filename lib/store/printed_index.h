// What a log does not say of its own text: when it was printed, on which stream, by which process, during which mini-batch. In a file
// of its own, a line whenever one of these changes, and where a second has passed:
//   OFFSET TIME out|err PROCESS|- MINI-BATCH|-
// where OFFSET is that of the log. A log without one, or one that a full disk tore, is just less known.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/clock.h"
#include "system/log_file.h"

namespace mlpipe {

// What stands behind a mark was printed until so long after its time.
inline constexpr std::chrono::seconds mark_grain{1};

struct PrintMark {
  std::uint64_t offset = 0;  // what stands in the log from here to the next mark
  WallTime time;             // when the first of it was read
  bool is_stderr = false;
  std::string process;       // "process000", "rank 1"; empty: there is only one
  std::optional<std::uint64_t> mini_batch;
};

class PrintedIndex {
 public:
  PrintedIndex() = default;
  // `log_size`: of the log when this begins.
  explicit PrintedIndex(Path file, std::uint64_t log_size = 0) : file_(std::move(file)), offset_(log_size) {}

  // Before text is appended to the log: who follows that reads the log first, and then what is known of it.
  void prints(bool is_stderr, std::string_view process, std::optional<std::uint64_t> mini_batch, WallTime now);
  // After it: how many bytes the disk took.
  void printed(std::size_t size) { offset_ += size; }

 private:
  LogFile file_;
  std::uint64_t offset_ = 0;
  std::optional<PrintMark> last_;
};

// In the order of their offsets. Lines that are none end it.
std::vector<PrintMark> parse_marks(std::string_view text);

// The index of a log: "a/b.txt" -> "sys/printed/b.txt", both below the step's logs.
Path index_of_log(const Path& log);

}  // namespace mlpipe
