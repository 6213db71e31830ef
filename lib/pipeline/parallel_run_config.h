// ParallelRunConfig: how a parallel step cuts its input into mini-batches and scores them. Fields and defaults are
// Azure's (v1 names); where the native dialect differs, it is said. All values are resolved and within range.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "pipeline/expression.h"
#include "pipeline/scoring.h"

namespace mlpipe {

enum class OutputAction { append_row, summary_only };
enum class RowOrder { mini_batch, completion };
// What only a flag of Azure's driver among the step's arguments can set (pipeline/driver_flags.h).
struct DriverFlags {
  bool dataframe_header = false;          // the column names once, as the first line of the rows
  bool safe_output = false;               // one result is one line, whatever is in it
  std::string profiling_module;           // "cProfile", "profile"; empty: no profile
  int nice = 0;                           // added to the workers' niceness
  std::optional<Seconds> progress_update_timeout;  // nothing finished for so long: the step fails
  Seconds resource_monitor_interval{600}; // 0: no samples
  std::optional<long long> rank_mini_batch_count;  // mini-batches without items
};

struct ParallelRunConfig {
  Location where;

  // Exactly one of the two.
  Located<std::string> entry_script;      // below source_directory
  std::optional<Template> model;          // a TorchScript .pt or a package .pt2
  Scoring scoring;                        // with model

  CountOrBytes mini_batch_size{10, true}; // files; of tables bytes (default 1 MB), settled by the whole pipeline
  bool mini_batch_size_given = false;
  Location mini_batch_size_where;         // where it is given, else of the whole
  long long error_threshold = 0;          // failed items allowed, -1: any number (native default 0)
  long long allowed_failed_count = -1;    // failed mini-batches allowed, -1: any number
  double allowed_failed_percent = 100;    // failed mini-batches in percent, 100: any number
  OutputAction output_action = OutputAction::append_row;
  std::string append_row_file_name = "parallel_run_step.txt";
  int node_count = 1;
  std::optional<int> process_count_per_node;  // default: cores
  Seconds run_invocation_timeout{60};     // of one try
  Seconds task_overhead_timeout{30};      // the kill comes at the sum of both
  int run_max_try = 3;                    // all tries, the first included
  std::string logging_level = "INFO";
  std::vector<std::string> partition_keys;     // columns; then mini_batch_size does not count
  std::map<std::string, std::string> environment_variables;
  std::string description;

  bool isolate_failures = true;
  RowOrder order = RowOrder::mini_batch;
  std::vector<std::string> preload;
  DriverFlags flags;

  int workers_wanted(int cores) const { return node_count * process_count_per_node.value_or(cores); }
};

}  // namespace mlpipe
