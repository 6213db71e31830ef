#include <dlfcn.h>
#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "scoring/rows/cells.h"
#include "scoring/rows/mini_batch_files.h"
#include "scoring/table/parquet_entry.h"
#include "scoring/table/parquet_files.h"
#include "scoring/table/piece_rows.h"
#include "system/host.h"

namespace mlpipe {
namespace {

constexpr const char* file_name = "mlpipe_parquet.so";

Error cannot_open(const std::string& what) {
  return {ErrorKind::step_failed, "there is no Parquet: " + what,
          "install pyarrow into .venv (pip install pyarrow==26.0.1) and build mlpipe again, or use CSV"};
}

struct Module {
  OpenParquetRows open_rows = nullptr;
  WriteParquet write = nullptr;
};

Result<Module> open_module() {
  const auto path = find_module(file_name);
  if (!path) return cannot_open(std::string(file_name) + " is not there");
  // Arrow's allocator would start a thread while it is loaded.
  ::setenv("JE_ARROW_MALLOC_CONF", "background_thread:false", 1);
  void* library = ::dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return cannot_open(::dlerror());
  const Module found{reinterpret_cast<OpenParquetRows>(::dlsym(library, MLPIPE_OPEN_PARQUET_ROWS)),
                     reinterpret_cast<WriteParquet>(::dlsym(library, MLPIPE_WRITE_PARQUET))};
  return found.open_rows && found.write ? Result<Module>(found) : cannot_open(path->string() + " belongs to another version of mlpipe");
}

const Result<Module>& the_module() {
  static const auto opened = open_module();
  return opened;
}

// The text that a row template wrote; nothing where it is no number ("", where the values do not reach that far).
std::optional<double> number_of(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" +"), text.size()));
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end != text.data() ? std::optional(number) : std::nullopt;
}

void add_cell(std::string_view cell, ParquetColumn& column) {
  if (!column.number) return column.texts.push_back(cell);
  const auto number = number_of(cell);
  column.present.push_back(number.has_value());
  if (number) column.values.push_back(*number);
}

}  // namespace

Result<std::unique_ptr<PieceRows>> open_parquet(const mlpipe_table_piece& piece, const TableColumns& columns) {
  const auto& module = the_module();
  if (!module) return module.error();
  Result<std::unique_ptr<PieceRows>> rows = std::unique_ptr<PieceRows>();
  module->open_rows(piece, columns, rows);
  return rows;
}

Status parquet_is_there() { return the_module() ? Status() : Status(the_module().error()); }

Result<std::string> parquet_files(const std::vector<RowWriter::TableColumn>& table, std::string_view rows) {
  const auto& module = the_module();
  if (!module) return module.error();
  std::vector<ParquetColumn> columns;
  for (const auto& column : table) columns.push_back({column.name, column.number, {}, {}, {}});
  std::size_t count = 0;
  for (; !rows.empty(); ++count)
    for (ParquetColumn& column : columns) add_cell(take_cell(rows), column);
  Result<std::string> written = std::string();
  module->write(columns, count, written);
  if (!written) return written.error();
  std::string files;
  append_mini_batch_file("parquet", *written, files);
  return files;
}

}  // namespace mlpipe
