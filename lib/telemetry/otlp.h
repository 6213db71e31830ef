// Spans as an ExportTraceServiceRequest of OTLP, the protocol of OpenTelemetry, in protocol buffers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "telemetry/span.h"

namespace mlpipe::telemetry {

// What all spans of a process have in common: "service.name" -> "mlpipe".
using Resource = std::vector<std::pair<std::string, std::string>>;

std::string trace_request(const Resource& resource, const std::vector<Span>& spans);

}  // namespace mlpipe::telemetry
