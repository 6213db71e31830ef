#include <fmt/format.h>

#include "base/text.h"
#include "cli/azure_job.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  std::optional<std::string> format;
  AzureJobArguments job;
};

Result<int> export_as(const Arguments& arguments) {
  if (*arguments.format != "azure") return Error{ErrorKind::usage, fmt::format("`{}` is nothing that a pipeline can be exported as", *arguments.format), "write: mlpipe export azure"};
  return write_azure_job(arguments.job, std::nullopt);
}

}  // namespace

Command export_command() {
  return {"export", "write the pipeline as a pipeline job of Azure ML v2, and say what Azure would do otherwise", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("FORMAT", arguments->format, "azure", true);
            arguments->job.declare(options);
            return [arguments] { return export_as(*arguments); };
          }};
}

}  // namespace mlpipe::cli
