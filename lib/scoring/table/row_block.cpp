#include "scoring/table/row_block.h"

#include <fmt/format.h>

#include <algorithm>

#include "scoring/table/cell.h"

namespace mlpipe {

Result<RowBlock> RowBlock::make(const TableColumns& columns) {
  RowBlock block;
  block.columns_ = &columns;
  const bool any_integers = std::any_of(columns.inputs.begin(), columns.inputs.end(), [](const ModelInput& input) { return input.type == ValueType::int64; });
  if (!columns.missing || !any_integers) return block;
  const auto whole = integer_of(*columns.missing);
  if (!whole) return Error{ErrorKind::spec, fmt::format("scoring.missing is {}, and an input takes int64", *columns.missing), "give a whole number"};
  block.missing_integer_ = *whole;
  return block;
}

void RowBlock::begin(std::size_t rows, const std::vector<void*>& inputs) {
  inputs_ = inputs;
  failed_.clear();
  letters_.clear();
  spans_.assign(rows * columns_->texts.size(), {});
}

void RowBlock::finish() {
  const auto by_row = [](const FailedRow& a, const FailedRow& b) { return a.row < b.row; };
  const auto same_row = [](const FailedRow& a, const FailedRow& b) { return a.row == b.row; };
  std::stable_sort(failed_.begin(), failed_.end(), by_row);
  failed_.erase(std::unique(failed_.begin(), failed_.end(), same_row), failed_.end());
}

void RowBlock::fail(std::size_t row, ValuePlace at, const std::string& what) {
  fail(row, fmt::format("column `{}`: {}", columns_->inputs[at.input].columns[at.place], what));
}

void RowBlock::take_text(std::size_t row, ValuePlace at, std::string_view text) {
  const auto number = number_of(text);
  if (!number) return is_missing(text) ? take_missing(row, at, text) : fail(row, at, shown_value(text) + " is no number");
  if (columns_->inputs[at.input].type == ValueType::float32) return take_number(row, at, *number);
  const auto whole = integer_of(text);
  if (!whole) return fail(row, at, shown_value(text) + " is no whole number that fits into int64");
  take_integer(row, at, *whole);
}

void RowBlock::take_number(std::size_t row, ValuePlace at, double value) {
  if (columns_->inputs[at.input].type == ValueType::float32) {
    floats(row, at.input)[at.place] = static_cast<float>(value);
    return;
  }
  const auto whole = integer_of(value);
  if (!whole) return fail(row, at, fmt::format("`{}` is no whole number that fits into int64", value));
  integers(row, at.input)[at.place] = *whole;
}

void RowBlock::take_integer(std::size_t row, ValuePlace at, std::int64_t value) {
  if (columns_->inputs[at.input].type == ValueType::int64) integers(row, at.input)[at.place] = value;
  else floats(row, at.input)[at.place] = static_cast<float>(static_cast<double>(value));
}

void RowBlock::take_missing(std::size_t row, ValuePlace at, std::string_view text) {
  if (!columns_->missing) return fail(row, at, text.empty() ? "the value is missing" : shown_value(text) + " stands for a missing value");
  if (columns_->inputs[at.input].type == ValueType::int64) integers(row, at.input)[at.place] = missing_integer_;
  else floats(row, at.input)[at.place] = static_cast<float>(*columns_->missing);
}

void RowBlock::set_text(std::size_t row, std::size_t column, std::string_view text) {
  spans_[row * columns_->texts.size() + column] = {letters_.size(), text.size()};
  letters_ += text;
}

std::string_view RowBlock::text(std::size_t row, std::size_t column) const {
  const Span span = spans_[row * columns_->texts.size() + column];
  return std::string_view(letters_).substr(span.begin, span.size);
}

}  // namespace mlpipe
