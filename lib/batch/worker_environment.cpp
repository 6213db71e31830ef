#include "batch/worker_environment.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

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
    std::erase_if(entries_, [&](const std::string& entry) { return names(entry, name); });
    entries_.push_back(fmt::format("{}={}", name, value));
  }
  void add_missing(std::string_view name, std::string_view value) {
    if (std::none_of(entries_.begin(), entries_.end(), [&](const std::string& entry) { return names(entry, name); })) set(name, value);
  }
  std::vector<std::string> take() { return std::move(entries_); }

 private:
  static bool names(std::string_view entry, std::string_view name) {
    return entry.starts_with(name) && entry.substr(name.size()).starts_with('=');
  }

  std::vector<std::string> entries_;
};

}  // namespace

std::vector<std::string> python_environment(const ParallelJob& job) {
  Entries environment(job.environment);
  if (!job.output.empty()) environment.set("AZUREML_BI_OUTPUT_PATH", job.output.string());
  environment.set("AZUREML_NODE_COUNT", std::to_string(job.config.node_count));
  for (const auto& input : job.inputs) environment.add_missing("AZURE_ML_INPUT_" + input.name, input.path.string());
  for (const char* name : thread_counts) environment.add_missing(name, "1");
  return environment.take();
}

std::vector<std::string> scoring_environment(const ParallelJob& job) {
  Entries environment(job.environment);
  for (const char* name : thread_counts) environment.set(name, "1");
  return environment.take();
}

}  // namespace mlpipe
