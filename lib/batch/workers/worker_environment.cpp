#include "batch/workers/worker_environment.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/workers/worker_logs.h"
#include "system/process.h"
#include "worker/native_worker.h"

namespace mlpipe {
namespace {

constexpr const char* thread_counts[] = {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"};

class Entries {
 public:
  explicit Entries(const std::vector<std::string>& entries) {
    std::set<std::string_view> names;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      if (names.insert(std::string_view(*entry).substr(0, entry->find('='))).second) entries_.push_back(*entry);
    }
    std::reverse(entries_.begin(), entries_.end());
  }

  void set(std::string_view name, std::string_view value) {
    std::erase_if(entries_, [&](const std::string& entry) { return entry.starts_with(name) && entry.substr(name.size()).starts_with('='); });
    entries_.push_back(fmt::format("{}={}", name, value));
  }
  void add_missing(std::string_view name, std::string_view value) {
    if (!environment_value(entries_, name)) set(name, value);
  }
  std::vector<std::string> take() { return std::move(entries_); }

 private:
  std::vector<std::string> entries_;
};

std::vector<std::string> gpus_of_machine() {
  std::vector<std::string> gpus;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/driver/nvidia/gpus", error), end; !error && entry != end; entry.increment(error))
    gpus.push_back(std::to_string(gpus.size()));
  return gpus;
}

void add_data(Entries& environment, const ParallelJob& job) {
  const auto add_input = [&](const std::string& name, const Path& path) {
    environment.add_missing("AZURE_ML_INPUT_" + name, path.string());
    environment.add_missing(name, path.string());
  };
  for (const auto& input : job.inputs) add_input(input.name, input.path);
  for (const auto& input : job.side_inputs) add_input(input.name, input.path);
  for (const auto& output : job.outputs) environment.add_missing("AZURE_ML_OUTPUT_" + output.name, output.path.string());
  // A side input of this name is what AZUREML_MODEL_DIR is in a batch endpoint: the folder that the model is in.
  for (const auto& input : job.side_inputs)
    if (input.name == "model") environment.add_missing("AZUREML_MODEL_DIR", (is_file(input.path) ? input.path.parent_path() : input.path).string());
}

}  // namespace

std::vector<std::string> gpus_of(const std::vector<std::string>& environment) {
  const auto visible = environment_value(environment, "CUDA_VISIBLE_DEVICES");
  if (!visible) return gpus_of_machine();
  std::vector<std::string> gpus;
  for (const auto word : split(*visible, ','))
    if (!trim(word).empty() && trim(word) != "-1" && trim(word) != "NoDevFiles") gpus.emplace_back(trim(word));
  return gpus;
}

std::vector<std::string> python_environment(const ParallelJob& job, int number) {
  const std::string name = worker_name(number);
  Entries environment(python_environment(job));
  environment.set("MLPIPE_WORKER", name);
  for (const std::string& more : job.variables_of ? job.variables_of(name) : std::vector<std::string>())
    environment.set(std::string_view(more).substr(0, more.find('=')), std::string_view(more).substr(more.find('=') + 1));
  const auto gpus = gpus_of(job.environment);
  const auto mine = static_cast<std::size_t>(number) < gpus.size() ? gpus[static_cast<std::size_t>(number)] : std::string();
  if (!gpus.empty() && !job.config.environment_variables.contains("CUDA_VISIBLE_DEVICES")) environment.set("CUDA_VISIBLE_DEVICES", mine);
  return environment.take();
}

std::vector<std::string> python_environment(const ParallelJob& job) {
  Entries environment(job.environment);
  if (!job.output.empty()) environment.set("AZUREML_BI_OUTPUT_PATH", job.output.string());
  environment.set("AZUREML_NODE_COUNT", std::to_string(job.config.node_count));
  environment.set("AZ_BATCHAI_GPU_COUNT_FOUND", std::to_string(gpus_of(job.environment).size()));
  if (const auto run = environment_value(job.environment, "MLPIPE_RUN_ID")) environment.add_missing("AZUREML_RUN_ID", fmt::format("{}_{}", *run, job.step));
  add_data(environment, job);
  for (const char* name : thread_counts) environment.add_missing(name, "1");
  return environment.take();
}

std::vector<std::string> scoring_environment(const ParallelJob& job) {
  Entries environment(job.environment);
  for (const auto& [name, value] : scoring_variables) environment.set(name, value);
  environment.add_missing(scoring_malloc.first, scoring_malloc.second);
  // A device with a number counts among all that the user sees.
  if (const auto gpus = gpus_of(job.environment); job.config.scoring.device == "cuda" && !gpus.empty()) environment.set("CUDA_VISIBLE_DEVICES", join(gpus, ","));
  return environment.take();
}

}  // namespace mlpipe
