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

#include <string>

#include "batch/record/ended_try.h"
#include "system/log_file.h"

namespace mlpipe {

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
