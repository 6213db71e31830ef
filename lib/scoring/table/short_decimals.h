// Numbers as most tables have them, "-0.1234": at most 16 bytes, with neither exponent nor blanks. Their digits fit into a double, so
// that one division by a power of ten rounds as it must (Clinger 1990).
#pragma once

#include <cstddef>
#include <cstdint>

namespace mlpipe {

// Which fields of a row go where among the values of a row.
struct FieldPlaces {
  const std::uint32_t* fields;
  const std::uint32_t* places;
  std::size_t count;
};

// Field f of the row lies between ends[f - 1] (that byte not included) and ends[f], in `text`; the 16 bytes before it must be readable.
// What is such a number is put to its place in `out`, correctly rounded to a double and that to a float. Which of the others there
// are is written to `rest` (room for `count`); returns how many.
using TakeShortDecimals = std::size_t (*)(const char* text, const std::uint32_t* ends, const FieldPlaces&, float* out, std::uint32_t* rest);
std::size_t take_short_decimals_portable(const char* text, const std::uint32_t* ends, const FieldPlaces&, float* out, std::uint32_t* rest);
TakeShortDecimals fastest_take_short_decimals();

}  // namespace mlpipe
