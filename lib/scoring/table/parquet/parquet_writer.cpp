#include <arrow/io/memory.h>
#include <fmt/format.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include "scoring/table/parquet_entry.h"

namespace mlpipe {
namespace {

using parquet::Repetition;
using parquet::schema::GroupNode;
using parquet::schema::PrimitiveNode;

std::shared_ptr<GroupNode> schema_of(const std::vector<ParquetColumn>& columns) {
  parquet::schema::NodeVector fields;
  for (const ParquetColumn& column : columns) {
    if (column.number) fields.push_back(PrimitiveNode::Make(column.name, Repetition::OPTIONAL, parquet::Type::DOUBLE));
    else fields.push_back(PrimitiveNode::Make(column.name, Repetition::REQUIRED, parquet::LogicalType::String(), parquet::Type::BYTE_ARRAY));
  }
  return std::static_pointer_cast<GroupNode>(GroupNode::Make("schema", Repetition::REQUIRED, fields));
}

void write_column(const ParquetColumn& column, std::size_t rows, parquet::ColumnWriter& writer) {
  const auto count = static_cast<std::int64_t>(rows);
  if (column.number) {
    static_cast<parquet::DoubleWriter&>(writer).WriteBatch(count, column.present.data(), nullptr, column.values.data());
    return;
  }
  std::vector<parquet::ByteArray> texts;
  for (const std::string_view text : column.texts) texts.emplace_back(text);
  static_cast<parquet::ByteArrayWriter&>(writer).WriteBatch(count, nullptr, nullptr, texts.data());
}

std::string write(const std::vector<ParquetColumn>& columns, std::size_t rows) {
  PARQUET_ASSIGN_OR_THROW(const auto bytes, arrow::io::BufferOutputStream::Create());
  parquet::WriterProperties::Builder properties;
  properties.compression(parquet::Compression::SNAPPY);
  const auto file = parquet::ParquetFileWriter::Open(bytes, schema_of(columns), properties.build());
  parquet::RowGroupWriter& group = *file->AppendRowGroup();
  for (const ParquetColumn& column : columns) write_column(column, rows, *group.NextColumn());
  file->Close();
  PARQUET_ASSIGN_OR_THROW(const auto written, bytes->Finish());
  return written->ToString();
}

}  // namespace
}  // namespace mlpipe

extern "C" __attribute__((visibility("default"))) void mlpipe_write_parquet_v1(const std::vector<mlpipe::ParquetColumn>& columns, std::size_t rows,
                                                                               mlpipe::Result<std::string>& written) {
  try {
    written = mlpipe::write(columns, rows);
  } catch (const std::exception& error) {
    written = mlpipe::Error{mlpipe::ErrorKind::step_failed, fmt::format("cannot write Parquet: {}", error.what()), ""};
  }
}
