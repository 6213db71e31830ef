// How fast a model is with so many rows a pass and so many workers: `mlpipe __model-bench MODULE REQUEST`, a process of its own that
// opens the model and forks workers as the scoring server does. The request is a file, the answer goes to stdout, both as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scoring/model_facts.h"
#include "system/files.h"

namespace mlpipe {

// The name of the hidden command.
inline constexpr const char* model_bench_command = "__model-bench";

struct ModelBenchRequest {
  std::string configuration;               // as scoring/configuration.h writes it
  std::vector<std::size_t> batch_sizes;    // less those that the model does not take; when none is left, the one that mlpipe would take
  std::vector<int> workers;
  double seconds = 1;                      // of each measurement
  std::size_t compared_batch_size = 8;     // of the pass whose values are given, or what is nearest to it
};

struct ModelBenchTiming {
  std::size_t batch_size = 0;
  int workers = 0;
  double seconds = 0;          // of one pass: the median of the slowest worker
  double rows_per_second = 0;  // of all workers
};

struct ModelBenchResult {
  ModelFacts facts;
  double open_seconds = 0;
  std::vector<ModelBenchTiming> timings;
  std::vector<float> values;     // of a pass on made-up rows, always the same
  std::uint64_t memory = 0;      // bytes, proportional set size of all processes with the most workers, at the end of their work
  std::string error;             // why it could not be measured; empty: it was
};

std::string to_json(const ModelBenchRequest& request);
Result<ModelBenchResult> model_bench_result_from_json(std::string_view text);

// Returns the exit code.
int model_bench_main(const Path& module, const Path& request);

}  // namespace mlpipe
