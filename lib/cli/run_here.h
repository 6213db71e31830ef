// Running a pipeline and telling people, log files and programs about it: what `run` and `rerun` share.
#pragma once

#include <optional>
#include <string>

#include "cli/command.h"
#include "pipeline/pipeline.h"
#include "run/request.h"
#include "store/store.h"

namespace mlpipe::cli {

struct Reporting {
  bool json = false, quiet = false;
  std::optional<std::string> junit;
  std::optional<std::string> otel;

  void declare(Options& options);
  // Before anything else is looked at: a place that cannot be written to is said now, not after hours.
  Status begin() const;
};

// `request` without its trace, which is ours. The exit code of the run; an error: it did not begin, or stdout took no more.
Result<int> run_here(Pipeline pipeline, const Store& store, RunRequest request, const Reporting& reporting);

}  // namespace mlpipe::cli
