#include "cli/azure_job.h"

namespace mlpipe::cli {

Command convert_command() {
  return {"convert", "write a pipeline of Azure ML v1 as one of v2", [](Options& options) {
            auto arguments = std::make_shared<AzureJobArguments>();
            arguments->declare(options);
            return [arguments] { return write_azure_job(*arguments, Dialect::v1); };
          }};
}

}  // namespace mlpipe::cli
