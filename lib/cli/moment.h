// A moment as a user names it.
#pragma once

#include <optional>
#include <string>

#include "system/clock.h"

namespace mlpipe::cli {

// "5m" (s, m, h, d, w ago), "2026-11-23T00:15:30Z", "2026-11-23 00:15", "2026-11-23", "00:15" (today). All UTC. Nothing: malformed.
std::optional<WallTime> parse_moment(const std::string& text, WallTime now);

}  // namespace mlpipe::cli
