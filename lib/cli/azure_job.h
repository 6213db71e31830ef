// Writing a pipeline as a pipeline job of Azure ML: what `export` and `convert` share.
#pragma once

#include "cli/command.h"
#include "cli/spec_arguments.h"

namespace mlpipe::cli {

struct AzureJobArguments {
  Place place;
  Changes changes;
  std::optional<std::string> to;  // azure
  bool json = false;

  // SPEC is the second positional of `export`, the first of `convert`.
  void declare(Options& options);
};

// Writes the job's files into a new or empty folder and tells of them. `dialect`: another kind of spec is a mistake in usage.
Result<int> write_azure_job(const AzureJobArguments& arguments, std::optional<Dialect> dialect);

}  // namespace mlpipe::cli
