#include "batch/workers/driver_arguments.h"

#include <fmt/format.h>

namespace mlpipe {
namespace {

std::string written(const CountOrBytes& size) { return std::to_string(size.value); }

}  // namespace

std::vector<std::string> driver_arguments(const ParallelJob& job) {
  const auto& config = job.config;
  const bool append = config.output_action == OutputAction::append_row;
  std::vector<std::string> words;
  const auto add = [&](const char* name, std::string value) {
    words.push_back(name);
    words.push_back(std::move(value));
  };
  add("--client_sdk_version", "mlpipe-" MLPIPE_VERSION);
  add("--scoring_module_name", config.entry_script.value);
  add("--mini_batch_size", written(config.mini_batch_size));
  add("--error_threshold", std::to_string(config.error_threshold));
  add("--output_action", append ? "append_row" : "summary_only");
  add("--logging_level", config.logging_level);
  add("--run_invocation_timeout", fmt::format("{:g}", config.run_invocation_timeout.count()));
  add("--run_max_try", std::to_string(config.run_max_try));
  add("--create_snapshot_at_runtime", "True");
  if (config.allowed_failed_count >= 0) add("--allowed_failed_count", std::to_string(config.allowed_failed_count));
  if (config.allowed_failed_percent < 100) add("--allowed_failed_percent", fmt::format("{:g}", config.allowed_failed_percent));
  if (append) add("--append_row_file_name", config.append_row_file_name);
  if (!job.output.empty()) add("--output", job.output.string());
  if (config.process_count_per_node) add("--process_count_per_node", std::to_string(*config.process_count_per_node));
  words.insert(words.end(), job.arguments.begin(), job.arguments.end());
  for (std::size_t i = 0; i < job.inputs.size(); ++i) add(fmt::format("--input_{}_{}", is_table(job.inputs[i]) ? "ds" : "fds", i).c_str(), job.inputs[i].name);
  return words;
}

}  // namespace mlpipe
