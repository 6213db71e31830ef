#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/csv_scan.h"
#include "scoring/table/header.h"
#include "scoring/table/piece_rows.h"
#include "scoring/table/range_reader.h"
#include "scoring/table/plain_decimals.h"
#include "scoring/table/structure.h"

namespace mlpipe {
namespace {

// Rows fall apart at the places that a Structure has. A row with quotes, or with another number of fields than it should have, is
// left to CsvRecord; so rows are the same as those that the mini-batches were cut by.
class DelimitedRows final : public PieceRows {
 public:
  DelimitedRows(RangeReader reader, char delimiter, std::size_t columns, PiecePlan plan)
      : reader_(std::move(reader)), delimiter_(delimiter), columns_(columns), plan_(std::move(plan)) {
    for (const InputPlan& input : plan_.inputs) rest_.resize(std::max(rest_.size(), input.fields.size()));
  }

  Result<std::size_t> read(RowBlock& block, std::size_t first, std::size_t most) override {
    std::size_t rows = 0;
    while (rows < most) {
      MLPIPE_TRY(const bool more, next_row());
      if (!more) break;
      if (plain_) take_plain(block, first + rows);
      else take_record(block, first + rows);
      ++rows;
    }
    return rows;
  }

 private:
  char byte_at(std::uint32_t place) const { return reader_.text()[place]; }
  std::size_t row_begin() const { return static_cast<std::uint32_t>(structure_.places[next_ - 1] + 1); }

  // Finds the next row; false: there is none.
  Result<bool> next_row() {
    while (!find_row()) {
      MLPIPE_TRY(const bool more, reader_.advance(structure_.count > 0 ? row_begin() : 0));
      if (!more) return false;
      const bool marked = reader_.at_start() && reader_.text().starts_with(byte_order_mark);
      find_structure_(reader_.text(), marked ? byte_order_mark.size() : 0, delimiter_, structure_);
      next_ = 1;
      next_special_ = 0;
    }
    return true;
  }

  // False: the text that is there has no whole row more. Lines with nothing but blanks are none.
  bool find_row() {
    while (next_special_ < structure_.special_count) {
      const std::uint32_t last = structure_.special[next_special_];
      const std::uint32_t place = structure_.places[last];
      first_ = next_;
      fields_ = last - first_ + 1;
      const bool quoted = byte_at(place) == '"';
      const bool blank = !quoted && fields_ == 1 && is_blank(row_begin(), place);
      plain_ = !quoted && fields_ == columns_;
      if (!plain_ && !blank) return find_record();
      if (!step_over_break(last)) return false;
      if (!blank) return true;
    }
    return false;
  }

  bool is_blank(std::size_t begin, std::size_t end) const {
    while (begin < end && (reader_.text()[begin] == ' ' || reader_.text()[begin] == '\t')) ++begin;
    return begin == end;
  }

  // Past the line break that place `last` begins. False: whether a '\n' follows the '\r' is not in the text yet.
  bool step_over_break(std::uint32_t last) {
    const std::size_t behind = structure_.places[last] + std::size_t{1};
    const bool carriage_return = byte_at(structure_.places[last]) == '\r';
    if (carriage_return && behind == reader_.text().size()) return false;
    const bool pair = carriage_return && reader_.text()[behind] == '\n';
    next_ = last + 1 + pair;
    next_special_ += 1 + pair;
    return true;
  }

  bool find_record() {
    const std::size_t begin = row_begin();
    const std::size_t size = record_.take(reader_.text().substr(begin), delimiter_);
    if (size == 0) return false;
    while (next_ < structure_.count && structure_.places[next_] < begin + size) ++next_;
    while (next_special_ < structure_.special_count && structure_.special[next_special_] < next_) ++next_special_;
    return true;
  }

  std::string_view field(std::uint32_t number) const {
    const std::size_t begin = static_cast<std::uint32_t>(structure_.places[first_ + number - 1] + 1);
    return reader_.text().substr(begin, structure_.places[first_ + number] - begin);
  }

  void take_plain(RowBlock& block, std::size_t row) {
    const std::uint32_t* const ends = structure_.places.data() + first_;
    for (std::size_t i = 0; i < plan_.inputs.size(); ++i) {
      const InputPlan& input = plan_.inputs[i];
      const FieldPlaces fields{input.fields.data(), input.places.data(), input.fields.size()};
      const bool floats = input.type == ValueType::float32;
      const std::size_t left = floats ? take_decimals_(reader_.text().data(), ends, fields, block.floats(row, i), rest_.data()) : fields.count;
      for (std::size_t n = 0; n < left; ++n) {
        const std::size_t at = floats ? rest_[n] : n;
        block.take_text(row, {i, input.places[at]}, field(input.fields[at]));
      }
    }
    for (std::size_t column = 0; column < plan_.texts.size(); ++column)
      if (!plan_.texts[column].of_path) block.set_text(row, column, field(plan_.texts[column].field));
    plan_.take_of_path(row, block);
  }

  // Of a row that is too short, the rest is missing.
  void take_record(RowBlock& block, std::size_t row) {
    if (record_.size() > columns_) {
      block.fail(row, fmt::format("the row has {} values, and there are {} columns", record_.size(), columns_));
      return;
    }
    const auto value = [&](std::uint32_t number) { return number < record_.size() ? record_[number] : std::string_view(); };
    for (std::size_t i = 0; i < plan_.inputs.size(); ++i)
      for (std::size_t n = 0; n < plan_.inputs[i].fields.size(); ++n) block.take_text(row, {i, plan_.inputs[i].places[n]}, value(plan_.inputs[i].fields[n]));
    for (std::size_t column = 0; column < plan_.texts.size(); ++column)
      if (!plan_.texts[column].of_path) block.set_text(row, column, value(plan_.texts[column].field));
    plan_.take_of_path(row, block);
  }

  RangeReader reader_;
  const char delimiter_;
  const std::size_t columns_;
  PiecePlan plan_;
  const FindStructure find_structure_ = fastest_find_structure();
  const TakePlainDecimals take_decimals_ = fastest_take_plain_decimals();

  Structure structure_;
  std::size_t next_ = 1, next_special_ = 0;  // entries of the structure from which on no row has been found
  std::size_t first_ = 0, fields_ = 0;       // of the row that was found: its first entry, and how many
  bool plain_ = false;                       // it falls apart by them; else it is record_
  CsvRecord record_;
  std::vector<std::uint32_t> rest_;
};

}  // namespace

Result<std::unique_ptr<PieceRows>> open_delimited(const mlpipe_table_piece& piece, const TableColumns& columns) {
  if (std::strlen(piece.delimiter) != 1)
    return Error{ErrorKind::step_failed, fmt::format("tables with the delimiter `{}` cannot be scored", piece.delimiter), "a delimiter is one byte"};
  MLPIPE_TRY(RangeReader reader, RangeReader::open(piece));
  MLPIPE_TRY(const std::vector<std::string> names, column_names(piece));
  MLPIPE_TRY(PiecePlan plan, plan_piece(columns, piece, names));
  return std::unique_ptr<PieceRows>(std::make_unique<DelimitedRows>(std::move(reader), *piece.delimiter, names.size(), std::move(plan)));
}

}  // namespace mlpipe
