// A run as a trace of OpenTelemetry: spans of the run, its steps, their workers, the tries of their mini-batches.
#pragma once

#include <functional>
#include <memory>

#include "run/events.h"
#include "telemetry/span.h"

namespace mlpipe {

// `run`: the run's own span; `parent`: the id of the one that it is part of, or 0. `send` gets each span when what it tells of has
// ended. The spans of steps and workers are those that their processes find in TRACEPARENT (run/request.h).
std::unique_ptr<EventSink> make_trace(const TraceContext& run, std::uint64_t parent, std::function<void(telemetry::Span)> send);

}  // namespace mlpipe
