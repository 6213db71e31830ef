// Numbers as most tables have them, "-0.1234": digits with a point among them, without exponent and blanks, as floats. No more than 19
// digits count, so that they fit into 64 bits, and one division by an exact power of ten comes as near as is needed (Clinger 1990).
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
using TakePlainDecimals = std::size_t (*)(const char* text, const std::uint32_t* ends, const FieldPlaces&, float* out, std::uint32_t* rest);
std::size_t take_plain_decimals_portable(const char* text, const std::uint32_t* ends, const FieldPlaces&, float* out, std::uint32_t* rest);
TakePlainDecimals fastest_take_plain_decimals();

}  // namespace mlpipe
