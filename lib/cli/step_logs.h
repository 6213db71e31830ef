// The files of a step's logs as a reader wants them: in the order of interest, filtered, and followed as they grow.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/followed_log.h"
#include "run/log_lines.h"
#include "run/mini_batch_logs.h"
#include "system/files.h"

namespace mlpipe::cli {

// Files with something in them, in the order of a reader's interest, below a step's logs.
std::vector<std::string> log_files(const Path& logs);

class StepLogs {
 public:
  // `json`: each piece that is printed is a document of its own, with the file's name, instead of text under headings.
  StepLogs(Path logs, LogFilter filter, bool json);

  // Prints what is new while the step runs, a piece of each file: call again at once as long as it is true that there was any. Error:
  // stdout takes no more.
  Result<bool> print_news();
  // All the rest when the step has ended.
  Status print_rest();
  bool printed() const { return !heading_.empty(); }

 private:
  std::vector<std::string> names(bool last) const;
  bool concerns(const std::string& name) const;
  bool can_wait(const std::string& name) const;
  FollowedLog& followed(const std::string& name);
  Status print_part(const std::string& name, std::string_view lines);
  std::string heading_of(const std::string& name) const;

  const Path logs_;
  const LogFilter filter_;
  const bool json_;
  std::vector<MiniBatchTry> tries_;  // of the wanted mini-batch, once the step has ended
  std::map<std::string, std::unique_ptr<FollowedLog>> files_;
  std::string heading_;  // of what was printed last
};

}  // namespace mlpipe::cli
