// Which trace a piece of work belongs to and which span of it is its own: W3C's trace context.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mlpipe {

struct TraceContext {
  std::uint64_t trace_high = 0, trace_low = 0;  // never both 0
  std::uint64_t span = 0;                       // never 0
  bool sampled = true;                          // whether spans are to be sent

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

inline constexpr const char* traceparent_variable = "TRACEPARENT";

// "00-<32 hex digits>-<16>-<flags>". Nothing: malformed, so that a trace of one's own begins.
std::optional<TraceContext> parse_traceparent(std::string_view text);
std::string traceparent(const TraceContext& context);

// The span of the work that is called `name` within `parent`. A pure function: whoever makes the environment of a process and whoever
// reports what it did come to the same span without talking to each other.
TraceContext child_of(const TraceContext& parent, std::string_view name);

}  // namespace mlpipe
