// What workers print and how their tries failed, in files where Azure users look for them (below the step's logs):
//   user/stdout/local-0/process000.stdout.txt   user/stderr/local-0/process000.stderr.txt
//   user/error/local-0/process000.txt           tracebacks, with the mini-batch and its items
//   sys/printed/process000.stdout.txt           which mini-batch printed what, and when (store/printed_index.h)
// A disk that is full loses log lines, not results.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/printed_index.h"
#include "system/log_file.h"

namespace mlpipe {

std::string worker_name(int number);  // "process000"

class WorkerLogs {
 public:
  WorkerLogs(Path logs, int workers);

  // `mini_batch`: that the worker was busy with.
  void printed(int worker, bool is_stderr, std::string_view text, std::optional<std::uint64_t> mini_batch, WallTime now);
  // Appends to the worker's error file, until that is longer than anybody reads. Returns its path.
  Path failed(int worker, std::string_view text);

  // What the worker that runs now last wrote to its stderr, a few lines of it.
  const std::string& last_words(int worker) const { return files_[static_cast<std::size_t>(worker)].last_words; }
  void forget_last_words(int worker) { files_[static_cast<std::size_t>(worker)].last_words.clear(); }

  Path error_file(int worker) const;
  Path stderr_file(int worker) const;

 private:
  struct Files {
    LogFile out, err, error;
    PrintedIndex out_index, err_index;
    std::size_t error_bytes = 0;
    std::string last_words;
  };
  Path path_of(const char* kind, int worker, const char* ending) const;
  PrintedIndex index(const Path& log) const;

  Path logs_;
  std::vector<Files> files_;
};

}  // namespace mlpipe
