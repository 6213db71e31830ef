// What clients of Application Insights send (OpenCensus' AzureLogHandler, Azure Monitor's OpenTelemetry exporter), as lines of a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "system/clock.h"

namespace mlpipe::insights {

struct Record {
  WallTime time;      // epoch: it does not say
  std::string level;  // "WARNING"; of what is no message: "EVENT", "METRIC", "SPAN"
  std::string text;   // may have several lines
  std::string dimensions;  // JSON of the custom ones; empty: none
};

struct Received {
  std::size_t envelopes = 0;    // of whatever kind
  std::vector<Record> records;  // of those that were understood, 10'000 at most
};

// `body`: a JSON array of envelopes, one envelope, or one a line. What is no JSON gives nothing.
Received read_envelopes(std::string_view body);

// A text as it stands within Record::dimensions, where it is part of a JSON string.
std::string within_dimensions(const std::string& text);

// "2026-11-23T00:15:30.123Z WARNING text {"step_id": "x"}", with a line end.
std::string line_of(const Record& record, WallTime now);

}  // namespace mlpipe::insights
