// A piece of work that has ended, as OpenTelemetry tells of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/trace_context.h"
#include "system/clock.h"

namespace mlpipe::telemetry {

struct Attribute {
  std::string_view key;  // a literal
  std::variant<std::string, std::int64_t, double, bool> value;
};

struct Span {
  TraceContext own;
  std::uint64_t parent = 0;  // span id; 0: it is the trace's first
  std::string name;
  WallTime began, ended;
  std::vector<Attribute> attributes{};
  std::optional<std::string> error{};  // that it ended in one, and which
};

}  // namespace mlpipe::telemetry
