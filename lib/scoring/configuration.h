// What a scoring module is told: one JSON text, written by the runner and read by the module.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "pipeline/parallel_run_config.h"

namespace mlpipe {

struct ScoringConfiguration {
  std::string model;   // absolute path; of an AOTInductor package the folder that it was unpacked to (scoring/package/unpack.h)
  std::string labels;  // absolute path; empty: none
  Scoring scoring;
};

std::string to_json(const ScoringConfiguration& configuration);
Result<ScoringConfiguration> scoring_configuration_from_json(std::string_view text);

}  // namespace mlpipe
