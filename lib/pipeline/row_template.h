// What is written about one item: "{name} {argmax} {max:.4f}". Parsed and checked where the spec is read, filled where it is scored.
//
//   {name}      file name of the item                  {path}        its whole path
//   {row}       row number within the file or table    {column[id]}  what the table says there
//   {argmax}    index of the largest value (the first of equals)
//   {label}     its line of scoring.labels             {max}         the largest value
//   {values}    all values, separated by blanks        {value[3]}    one value
//   {softmax}   their softmax                          {softmax[3]}  of one value; {softmax[argmax]}: the largest
//   {top[5]}    the labels, else indexes, of the 5 largest values, largest first; {top_softmax[5]} their softmax
//   {{ }}       a brace
// Numbers may have a Python format: {max:.4f}. Without one they are written as Python's repr of the float32 as float; a softmax, which
// is computed in double precision, as repr of the nearest float32. NaN comes first where values are compared, as in numpy and torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mlpipe {

struct RowFacts {
  std::string_view path;      // whole path of the item
  std::uint64_t row = 0;      // within the file or table
  const float* values = nullptr;
  std::size_t count = 0;
  const std::string_view* columns = nullptr;         // as RowTemplate::columns() names them
  const std::vector<std::string>* labels = nullptr;  // of the values, in their order; none: indexes are written
  char between = ' ';         // the items of a list
};

class RowTemplate {
 public:
  enum class Form { text, number, list };  // list: numbers or texts, with RowFacts::between between them

  // Error (kind spec): an unknown field, a bad format, an unclosed brace; the message names it.
  static Result<RowTemplate> parse(std::string_view text);
  // How many values a row must have at least for every field to stand for something: {value[3]} needs 4.
  std::size_t values_needed() const;
  bool needs_labels() const;
  // {name} or {path}, which rows of tables do not have.
  bool names_files() const;
  // What {column[...]} names, each once.
  const std::vector<std::string>& columns() const { return columns_; }
  // Of what append writes: one field alone may be a number or a list.
  Form form() const;
  // The items of the list are lines of the labels' file, where there is one.
  bool lists_labels() const { return form() == Form::list && parts_.front().field == Field::top; }
  // Fields that the values do not reach are left empty.
  void append(const RowFacts& facts, std::string& out) const;

 private:
  enum class Field { text, name, path, row, argmax, label, max, values, value, softmax, softmax_of, softmax_of_argmax, top, top_softmax, column };
  struct Part {
    Field field = Field::text;
    std::string text;    // of Field::text
    std::size_t index = 0;  // of a value, of a column; how many are on top
    std::string format;  // fmt's, "{:.4f}"; empty: shortest
  };
  class Writer;

  Result<Part> parse_field(std::string_view inner);
  Result<Part> parse_name(std::string_view name);
  std::size_t index_of_column(std::string_view name);

  std::vector<Part> parts_;
  std::vector<std::string> columns_;
};

}  // namespace mlpipe
