// The trace of a run, from the words of the command line and the environment to the last span: what `run` and `rerun` share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "run/events.h"
#include "telemetry/exporter.h"

namespace mlpipe::cli {

class Tracing {
 public:
  // `otel`: of --otel. Tells on stderr what of the environment is not understood.
  static Result<Tracing> begin(const std::optional<std::string>& otel);

  // RunRequest::trace. Nothing: the run is not traced.
  const std::optional<TraceContext>& run() const { return run_; }
  // A sink for the run's events; a null pointer: nothing is sent.
  std::unique_ptr<EventSink> sink();
  // After the run: sends what is left, as long as the run's time allows, and says on stderr what was lost.
  void end(Seconds run_took);

 private:
  std::optional<TraceContext> run_;
  std::uint64_t parent_ = 0;
  std::shared_ptr<telemetry::SpanExporter> exporter_;
  std::string url_;  // as it is shown
};

}  // namespace mlpipe::cli
