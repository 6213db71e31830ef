// sys/job_report/processed_mini-batches.csv: a line for every try of a mini-batch that ended, in Azure's columns.
//   Picked Count         which try it was
//   Start Time           when the worker began with it, UTC
//   Elapsed Seconds      from then until its rows were recorded; Process Seconds: until its answer came, loading included;
//   Run Method Seconds   in run() itself; all of a try that ended without an answer
//   Status               RUN_DONE, RUN_EXCEPTION or RUN_TIMEOUT. Azure has no word for a worker that died: RUN_EXCEPTION here, with
//                        the Error Category "crash" or "out_of_memory"
//   Mini-batch Detail    {"items": how many, "paths": [the first three]}; of a part of one that is taken apart also "first", the
//                        number of its first item
// A report: the journal is the truth. It is written about once a second, so a killed run loses the last second of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "system/clock.h"
#include "system/log_file.h"

namespace mlpipe {

enum class TryEnd { done, exception, timeout, crash, out_of_memory };

struct EndedTry {
  std::uint64_t mini_batch = 0;
  std::uint32_t picked = 1;
  int worker = 0;
  WallTime start;
  std::chrono::nanoseconds elapsed{}, process{}, run{};
  std::uint32_t items = 0, failed = 0;
  std::optional<std::uint32_t> first;  // of a part: the number of its first item
  TryEnd end = TryEnd::done;
  std::string message;             // of what failed, also of items in a try that is done
  std::vector<std::string> paths;  // the first of its items
};

class MiniBatchTable {
 public:
  static constexpr std::uint32_t paths_shown = 3;

  explicit MiniBatchTable(Path file);
  ~MiniBatchTable() { flush(); }

  void add(const EndedTry& ended);
  void flush();
  bool pending() const { return !buffer_.empty(); }

 private:
  void add_time(WallTime time);
  void add_seconds(std::chrono::nanoseconds time);
  void add_detail(const EndedTry& ended);

  LogFile file_;
  std::string buffer_, detail_;
  std::chrono::sys_seconds second_{};  // whose text is second_text_
  std::string second_text_;
};

}  // namespace mlpipe
