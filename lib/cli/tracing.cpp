#include "cli/tracing.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <tuple>

#include "base/text.h"
#include "cli/streams.h"
#include "report/trace.h"

namespace mlpipe::cli {
namespace {

using namespace std::chrono_literals;

// A hundredth of the run's time, but long enough for a receiver nearby to take the spans of a short run.
constexpr std::chrono::milliseconds shortest_end = 50ms, longest_end = 300ms;

TraceContext new_trace() {
  TraceContext context;
  while (context.span == 0 || context.trace_high == 0 || context.trace_low == 0)
    if (::getrandom(&context, offsetof(TraceContext, sampled), 0) < 0) context = {1, static_cast<std::uint64_t>(::rand()) + 1, 1};
  return context;
}

bool sampled(telemetry::Sampling sampling, const std::optional<TraceContext>& parent) {
  using telemetry::Sampling;
  if (sampling == Sampling::on || sampling == Sampling::off) return sampling == Sampling::on;
  return parent ? parent->sampled : sampling == Sampling::parent_or_on;
}

// The run's span, within the one that TRACEPARENT names.
std::pair<TraceContext, std::uint64_t> span_of_run(telemetry::Sampling sampling) {
  const char* given = std::getenv(traceparent_variable);
  const auto parent = given ? parse_traceparent(given) : std::nullopt;
  TraceContext run = new_trace();
  const std::uint64_t own = run.span;
  if (parent) run = *parent;
  run.span = own;
  run.sampled = sampled(sampling, parent);
  return {run, parent ? parent->span : 0};
}

}  // namespace

Result<Tracing> Tracing::begin(const std::optional<std::string>& otel) {
  MLPIPE_TRY(telemetry::Wanted wanted, telemetry::wanted_traces(otel, [](const char* name) { return std::getenv(name); }));
  for (const std::string& notice : wanted.notices) tell("mlpipe: note: " + notice);
  Tracing tracing;
  if (!wanted.settings) return tracing;
  std::tie(tracing.run_, tracing.parent_) = span_of_run(wanted.sampling);
  if (!tracing.run_->sampled) return tracing;
  tracing.url_ = telemetry::shown_url(wanted.settings->url);
  tracing.exporter_ = std::make_shared<telemetry::SpanExporter>(std::move(*wanted.settings));
  return tracing;
}

std::unique_ptr<EventSink> Tracing::sink() {
  if (!exporter_) return nullptr;
  return make_trace(*run_, parent_, [exporter = exporter_](telemetry::Span span) { exporter->add(std::move(span)); });
}

void Tracing::end(Seconds run_took) {
  if (!exporter_) return;
  const auto share = std::chrono::duration_cast<std::chrono::milliseconds>(run_took / 100);
  const telemetry::Delivery delivery = exporter_->finish(std::clamp(share, shortest_end, longest_end));
  if (delivery.lost == 0) return;
  tell(fmt::format("mlpipe: note: {} of {} did not reach {}{}", delivery.lost, plural(delivery.lost + delivery.sent, "span"), url_,
                   delivery.error.empty() ? "" : ": " + delivery.error));
}

}  // namespace mlpipe::cli
