// The row of one item: "{name} {argmax} {max:.4f}". Parsed and checked where the spec is read, filled where it is scored.
//
//   {name}      file name of the item                  {path}     its whole path
//   {row}       row number within the file (arrays)    {argmax}   index of the largest value (the first of equals)
//   {max}       the largest value                      {values}   all values, separated by blanks
//   {value[3]}  one value                              {{ }}      a brace
// Numbers may have a Python format: {max:.4f}. Without one they are written as Python's repr of the float32 as float.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mlpipe {

struct RowFacts {
  std::string_view path;      // whole path of the item
  std::size_t row = 0;        // within the item, for arrays
  const float* values = nullptr;
  std::size_t count = 0;
};

class RowTemplate {
 public:
  // Error (kind spec): an unknown field, a bad format, an unclosed brace; the message names it.
  static Result<RowTemplate> parse(std::string_view text);
  // How many values a row must have at least for every field to stand for something: {value[3]} needs 4.
  std::size_t values_needed() const;
  // Fields that the values do not reach are left empty.
  void append(const RowFacts& facts, std::string& out) const;

 private:
  enum class Field { text, name, path, row, argmax, max, values, value };
  struct Part {
    Field field = Field::text;
    std::string text;    // of Field::text
    std::size_t index = 0;
    std::string format;  // fmt's, "{:.4f}"; empty: shortest
  };

  static Result<Part> parse_field(std::string_view inner);
  static void append_part(const Part& part, const RowFacts& facts, std::string& out);

  std::vector<Part> parts_;
};

}  // namespace mlpipe
