// The files of a step's logs as a reader wants them: in the order of interest, filtered, and followed as they grow.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/log_lines.h"
#include "run/mini_batch_logs.h"
#include "system/files.h"

namespace mlpipe::cli {

// Files with something in them, in the order of a reader's interest, below a step's logs.
std::vector<std::string> log_files(const Path& logs);

class StepLogs {
 public:
  StepLogs(Path logs, LogFilter filter);
  ~StepLogs();

  // Prints what is new. `last`: also lines that are not ended. Error: stdout takes no more.
  Status print_news(bool last);
  bool printed() const { return !heading_.empty(); }

 private:
  struct Followed;
  std::vector<std::string> names() const;
  bool concerns(const std::string& name) const;
  Followed& followed(const std::string& name);
  Status print_part(const std::string& name, const std::string& lines);

  const Path logs_;
  const LogFilter filter_;
  std::vector<MiniBatchTry> tries_;  // of the wanted mini-batch
  std::map<std::string, std::unique_ptr<Followed>> files_;
  std::string heading_;  // of what was printed last
};

}  // namespace mlpipe::cli
