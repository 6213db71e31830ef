#include "pipeline/expectation.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/text.h"

namespace mlpipe {
namespace {

using Comparison = Limit::Comparison;

// Longer signs first: ">=" begins with ">".
constexpr std::pair<std::string_view, Comparison> signs[] = {
    {">=", Comparison::at_least}, {"<=", Comparison::at_most}, {"==", Comparison::equal}, {"!=", Comparison::unequal},
    {">", Comparison::above},     {"<", Comparison::below},    {"=", Comparison::equal},
};

// Differences of short decimals have long tails: 0.97 - 0.952 is not quite 0.018.
std::string number_text(double number) {
  const bool whole = std::floor(number) == number && std::abs(number) < 1e15;
  return whole ? fmt::format("{:.0f}", number) : fmt::format("{:.6g}", number);
}

std::string what_was_found(const Expectation& expectation, double found) {
  switch (expectation.of) {
    case Expectation::Of::rows: return number_text(found) + (found == 1 ? " row" : " rows");
    case Expectation::Of::failed_items: return number_text(found) + (found == 1 ? " failed item" : " failed items");
    case Expectation::Of::metric: return fmt::format("{} {}", expectation.metric, fmt::format("{}", found));
  }
  return {};
}

// "2 too few". Empty where a distance says nothing: it is the limit itself, what must not be, or no number.
std::string distance(const Expectation& expectation, double found) {
  const double off = found - expectation.limit.value;
  if (off == 0 || !std::isfinite(off) || expectation.limit.comparison == Comparison::unequal) return {};
  const bool counted = expectation.of != Expectation::Of::metric;
  const char* const word = off < 0 ? (counted ? "too few" : "too low") : (counted ? "too many" : "too high");
  return fmt::format(" ({} {})", number_text(std::abs(off)), word);
}

}  // namespace

bool Limit::holds(double found) const {
  switch (comparison) {
    case Comparison::equal: return found == value;
    case Comparison::unequal: return found < value || found > value;
    case Comparison::at_least: return found >= value;
    case Comparison::at_most: return found <= value;
    case Comparison::above: return found > value;
    case Comparison::below: return found < value;
  }
  return false;
}

std::optional<Limit> parse_limit(std::string_view text) {
  Limit limit;
  text = trim(text);
  for (const auto& [sign, comparison] : signs) {
    if (!text.starts_with(sign)) continue;
    limit.comparison = comparison;
    text = trim(text.substr(sign.size()));
    break;
  }
  const auto value = parse_number(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  limit.value = *value;
  return limit;
}

std::string shortfall(const Expectation& expectation, std::optional<double> found) {
  if (!found) return fmt::format("{} was never tracked, expected {}", expectation.metric, expectation.written);
  if (expectation.limit.holds(*found)) return {};
  return fmt::format("{}, expected {}{}", what_was_found(expectation, *found), expectation.written, distance(expectation, *found));
}

}  // namespace mlpipe
