// The JSON of the store's records. Decoding is tolerant: what is missing or of a wrong type has its default.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/run_record.h"
#include "store/store.h"

namespace mlpipe {

std::string encode(const StepResult& result);
// With a line that holds its check sum: bits that flip on a disk may leave valid JSON that says something else.
std::string sealed(const std::string& line);
// The content of a result's file. One without a check sum (of an earlier mlpipe) is taken as it is.
std::optional<StepResult> decode_result(std::string_view text);

// Lines of a run's record, without their line feed.
std::string encode(const RunHeader& header);
std::string encode(const StepRecord& record);
std::string encode_end(RunState state, int exit_code, Seconds took);

// Adds what a line says to `info`. Returns false for a line that says nothing (torn, garbage).
bool decode_line(std::string_view line, RunInfo& info);

}  // namespace mlpipe
