#include "scoring/table/parquet_entry.h"

#include <fmt/format.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace mlpipe {
namespace {

// Of one column of the file: the values and texts of a row that it gives.
struct Uses {
  std::vector<ValuePlace> values;
  std::vector<std::size_t> texts;

  bool any() const { return !values.empty() || !texts.empty(); }
};

// Reads one column, row group by row group. Arrow's exceptions pass through.
class Column {
 public:
  virtual ~Column() = default;
  virtual void begin(parquet::RowGroupReader& group) = 0;
  // The next `count` values, to the rows from `first` on.
  virtual void read(RowBlock& block, std::size_t first, std::size_t count) = 0;
};

template <class Type>
class TypedColumn final : public Column {
  using Value = typename Type::c_type;
  static constexpr bool is_text = std::is_same_v<Value, parquet::ByteArray>;
  static constexpr bool is_real = std::is_floating_point_v<Value>;

 public:
  TypedColumn(int number, const parquet::ColumnDescriptor& column, Uses uses, const TableColumns& columns)
      : number_(number), present_(column.max_definition_level()), uses_(std::move(uses)), columns_(columns) {
    const auto& logical = column.logical_type();
    unsigned_ = logical && logical->is_int() && !static_cast<const parquet::IntLogicalType&>(*logical).is_signed();
  }

  void begin(parquet::RowGroupReader& group) override {
    column_ = group.Column(number_);
    reader_ = static_cast<parquet::TypedColumnReader<Type>*>(column_.get());
  }

  void read(RowBlock& block, std::size_t first, std::size_t count) override {
    if (room_ < count) {
      room_ = count;
      values_ = std::make_unique<Value[]>(count);
      levels_.resize(count);
    }
    while (count > 0) {
      std::int64_t present = 0;
      const std::int64_t got = reader_->ReadBatch(static_cast<std::int64_t>(count), levels_.data(), nullptr, values_.get(), &present);
      if (got <= 0 || present > got) throw parquet::ParquetException("a column has fewer values than there are rows");
      take(block, first, static_cast<std::size_t>(got), static_cast<std::size_t>(present));
      first += static_cast<std::size_t>(got);
      count -= static_cast<std::size_t>(got);
    }
  }

 private:
  void take(RowBlock& block, std::size_t first, std::size_t count, std::size_t present) {
    for (const ValuePlace at : uses_.values) {
      if constexpr (!is_text) {
        const bool quick = present == count && !unsigned_ && columns_.inputs[at.input].type == ValueType::float32;
        if (quick && take_floats(block, first, count, at)) continue;
      }
      each(first, count, [&](std::size_t row, const Value* value) { value ? take_value(block, row, at, *value) : block.take_missing(row, at); });
    }
    for (const std::size_t text : uses_.texts)
      each(first, count, [&](std::size_t row, const Value* value) { block.set_text(row, text, value ? text_of(*value) : std::string()); });
  }

  // nullptr: a null.
  template <class Take>
  void each(std::size_t first, std::size_t count, Take take) const {
    const Value* value = values_.get();
    for (std::size_t i = 0; i < count; ++i) take(first + i, present_ == 0 || levels_[i] == present_ ? value++ : nullptr);
  }

  // False: there is a NaN among them, so they have to be looked at one by one.
  bool take_floats(RowBlock& block, std::size_t first, std::size_t count, ValuePlace at) const {
    float* to = block.floats(first, at.input) + at.place;
    const std::size_t width = block.width(at.input);
    bool nan = false;
    for (std::size_t i = 0; i < count; ++i, to += width) {
      const Value value = values_[i];
      if constexpr (is_real) nan |= value != value;
      *to = static_cast<float>(static_cast<double>(value));
    }
    return !nan;
  }

  void take_value(RowBlock& block, std::size_t row, ValuePlace at, const Value& value) const {
    if constexpr (is_text) block.take_text(row, at, text_of(value));
    else if constexpr (is_real) std::isnan(value) ? block.take_missing(row, at, "NaN") : block.take_number(row, at, value);
    else if constexpr (std::is_same_v<Value, bool>) block.take_integer(row, at, value);
    else if (!unsigned_ || value >= 0) block.take_integer(row, at, value);
    else block.take_number(row, at, static_cast<double>(static_cast<std::make_unsigned_t<Value>>(value)));
  }

  std::string text_of(const Value& value) const {
    if constexpr (is_text) return {reinterpret_cast<const char*>(value.ptr), value.len};
    else if constexpr (std::is_same_v<Value, bool> || is_real) return fmt::format("{}", value);
    else return unsigned_ ? fmt::format("{}", static_cast<std::make_unsigned_t<Value>>(value)) : fmt::format("{}", value);
  }

  const int number_;
  const std::int16_t present_;  // the definition level of a value that is no null
  const Uses uses_;
  const TableColumns& columns_;
  bool unsigned_ = false;
  std::shared_ptr<parquet::ColumnReader> column_;
  parquet::TypedColumnReader<Type>* reader_ = nullptr;
  std::size_t room_ = 0;
  std::unique_ptr<Value[]> values_;
  std::vector<std::int16_t> levels_;
};

// Numbers and texts; what has a meaning of its own (dates, decimals) is none.
bool plain(const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  return column.max_repetition_level() == 0 && (!logical || logical->is_none() || logical->is_int() || logical->is_string() || logical->is_enum() || logical->is_JSON());
}

Result<std::unique_ptr<Column>> make_column(int number, const parquet::ColumnDescriptor& column, Uses uses, const TableColumns& columns) {
  const auto make = [&]<class Type>(Type) { return std::unique_ptr<Column>(std::make_unique<TypedColumn<Type>>(number, column, std::move(uses), columns)); };
  switch (plain(column) ? column.physical_type() : parquet::Type::UNDEFINED) {
    case parquet::Type::FLOAT: return make(parquet::FloatType());
    case parquet::Type::DOUBLE: return make(parquet::DoubleType());
    case parquet::Type::INT32: return make(parquet::Int32Type());
    case parquet::Type::INT64: return make(parquet::Int64Type());
    case parquet::Type::BOOLEAN: return make(parquet::BooleanType());
    case parquet::Type::BYTE_ARRAY: return make(parquet::ByteArrayType());
    default: break;
  }
  const std::string type = column.logical_type() && !column.logical_type()->is_none() ? column.logical_type()->ToString() : parquet::TypeToString(column.physical_type());
  return Error{ErrorKind::step_failed, fmt::format("column `{}` has the type {}, which is neither a number nor a text", column.path()->ToDotString(), type),
               "write it as float32, float64, int32, int64 or bool"};
}

class ParquetRows final : public PieceRows {
 public:
  explicit ParquetRows(const mlpipe_table_piece& piece) : piece_(piece), next_group_(piece.range_count > 0 ? piece.ranges[0].begin : 0) {}

  Status open(const TableColumns& columns) {
    auto properties = parquet::default_reader_properties();
    properties.enable_buffered_stream();  // a page after the other, not a row group's column at once
    properties.set_buffer_size(256 * 1024);
    file_ = parquet::ParquetFileReader::OpenFile(piece_.path, false, properties);
    const parquet::SchemaDescriptor& schema = *file_->metadata()->schema();
    std::vector<std::string> names;
    for (int i = 0; i < schema.num_columns(); ++i) names.push_back(schema.Column(i)->path()->ToDotString());
    MLPIPE_TRY(plan_, plan_piece(columns, piece_, names));
    const std::vector<Uses> uses = uses_of_columns(names.size());
    for (int i = 0; i < schema.num_columns(); ++i) {
      if (!uses[static_cast<std::size_t>(i)].any()) continue;
      MLPIPE_TRY(columns_.emplace_back(), make_column(i, *schema.Column(i), uses[static_cast<std::size_t>(i)], columns));
    }
    return {};
  }

  Result<std::size_t> read(RowBlock& block, std::size_t first, std::size_t most) override {
    try {
      while (rows_left_ == 0)
        if (!next_group()) return std::size_t{0};
      const std::size_t count = std::min(most, rows_left_);
      for (const auto& column : columns_) column->read(block, first, count);
      for (std::size_t row = first; row < first + count; ++row) plan_.take_of_path(row, block);
      rows_left_ -= count;
      return count;
    } catch (const std::exception& error) {
      return failed(error);
    }
  }

  Error failed(const std::exception& error) const {
    const std::string what = error.what();
    return {ErrorKind::step_failed, fmt::format("cannot read {} as Parquet: {}", piece_.path, what.substr(0, what.find('\n'))), ""};
  }

 private:
  std::vector<Uses> uses_of_columns(std::size_t count) const {
    std::vector<Uses> uses(count);
    for (std::size_t i = 0; i < plan_.inputs.size(); ++i)
      for (std::size_t n = 0; n < plan_.inputs[i].fields.size(); ++n) uses[plan_.inputs[i].fields[n]].values.push_back({i, plan_.inputs[i].places[n]});
    for (std::size_t text = 0; text < plan_.texts.size(); ++text)
      if (!plan_.texts[text].of_path) uses[plan_.texts[text].field].texts.push_back(text);
    return uses;
  }

  // False: all ranges are read.
  bool next_group() {
    while (range_ < piece_.range_count && next_group_ >= piece_.ranges[range_].end)
      if (++range_ < piece_.range_count) next_group_ = piece_.ranges[range_].begin;
    if (range_ >= piece_.range_count) return false;
    if (next_group_ >= static_cast<std::uint64_t>(file_->metadata()->num_row_groups())) throw parquet::ParquetException("it has fewer row groups than when the step began");
    group_ = file_->RowGroup(static_cast<int>(next_group_++));
    rows_left_ = static_cast<std::size_t>(std::max<std::int64_t>(group_->metadata()->num_rows(), 0));
    for (const auto& column : columns_) column->begin(*group_);
    return true;
  }

  const mlpipe_table_piece& piece_;
  std::unique_ptr<parquet::ParquetFileReader> file_;
  PiecePlan plan_;
  std::vector<std::unique_ptr<Column>> columns_;
  std::size_t range_ = 0;
  std::uint64_t next_group_ = 0;
  std::shared_ptr<parquet::RowGroupReader> group_;
  std::size_t rows_left_ = 0;
};

}  // namespace
}  // namespace mlpipe

extern "C" __attribute__((visibility("default"))) void mlpipe_open_parquet_rows_v1(const mlpipe_table_piece& piece, const mlpipe::TableColumns& columns,
                                                                                   mlpipe::Result<std::unique_ptr<mlpipe::PieceRows>>& opened) {
  auto rows = std::make_unique<mlpipe::ParquetRows>(piece);
  try {
    if (const auto status = rows->open(columns); !status) opened = status.error();
    else opened = std::unique_ptr<mlpipe::PieceRows>(std::move(rows));
  } catch (const std::exception& error) {
    opened = rows->failed(error);
  }
}
