#include "base/trace_context.h"

#include <fmt/format.h>

#include <charconv>

namespace mlpipe {
namespace {

constexpr std::size_t length = 55;  // of version 00

// Lower case only, as the standard wants it.
std::optional<std::uint64_t> hex(std::string_view digits) {
  if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

// splitmix64's last steps: ids that differ in one letter of a name differ everywhere.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  if (text.size() < length || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const auto version = hex(text.substr(0, 2)), high = hex(text.substr(3, 16)), low = hex(text.substr(19, 16)), span = hex(text.substr(36, 16)),
             flags = hex(text.substr(53, 2));
  if (!version || *version == 0xff || !high || !low || !span || !flags || *span == 0 || (*high == 0 && *low == 0)) return std::nullopt;
  // Later versions may say more behind it.
  if (text.size() > length && (*version == 0 || text[length] != '-')) return std::nullopt;
  return TraceContext{*high, *low, *span, (*flags & 1) != 0};
}

std::string traceparent(const TraceContext& context) {
  return fmt::format("00-{:016x}{:016x}-{:016x}-{:02x}", context.trace_high, context.trace_low, context.span, context.sampled ? 1 : 0);
}

TraceContext child_of(const TraceContext& parent, std::string_view name) {
  std::uint64_t hash = mixed(parent.span ^ mixed(parent.trace_low ^ mixed(parent.trace_high)));
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;  // FNV-1a
  TraceContext child = parent;
  child.span = mixed(hash);
  if (child.span == 0) child.span = 1;
  return child;
}

}  // namespace mlpipe
