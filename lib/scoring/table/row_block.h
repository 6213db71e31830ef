// The rows of one read: where their values go, their texts, and which of them failed. Readers fill it row by row or column by column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scoring/table/table_rows.h"

namespace mlpipe {

// One value that a row gives the model: column `place` of an input.
struct ValuePlace {
  std::size_t input = 0, place = 0;
};

class RowBlock {
 public:
  // Error: a value for missing ones that an int64 input cannot take. `columns` must live as long as this.
  static Result<RowBlock> make(const TableColumns& columns);

  // Begins anew, with `inputs` as TableRows::read takes them.
  void begin(std::size_t rows, const std::vector<void*>& inputs);
  // Puts the failed rows in order, one reason each.
  void finish();

  // The values of a row of a float32 input; those of an int64 input.
  float* floats(std::size_t row, std::size_t input) const { return static_cast<float*>(inputs_[input]) + row * width(input); }
  std::int64_t* integers(std::size_t row, std::size_t input) const { return static_cast<std::int64_t*>(inputs_[input]) + row * width(input); }
  std::size_t width(std::size_t input) const { return columns_->inputs[input].columns.size(); }

  // Puts a value to its place, by the rules of cell.h; what is no number, is missing, or does not fit, fails the row.
  void take_text(std::size_t row, ValuePlace at, std::string_view text);
  void take_number(std::size_t row, ValuePlace at, double value);
  void take_integer(std::size_t row, ValuePlace at, std::int64_t value);
  void take_missing(std::size_t row, ValuePlace at, std::string_view text = {});
  // "column `age`: <what>".
  void fail(std::size_t row, ValuePlace at, const std::string& what);
  void fail(std::size_t row, std::string reason) { failed_.push_back({row, std::move(reason)}); }

  void set_text(std::size_t row, std::size_t column, std::string_view text);
  std::string_view text(std::size_t row, std::size_t column) const;
  const std::vector<FailedRow>& failed() const { return failed_; }

 private:
  struct Span {
    std::size_t begin = 0, size = 0;
  };

  const TableColumns* columns_ = nullptr;
  std::int64_t missing_integer_ = 0;
  std::vector<void*> inputs_;
  std::vector<FailedRow> failed_;
  std::string letters_;  // of all texts
  std::vector<Span> spans_;
};

}  // namespace mlpipe
