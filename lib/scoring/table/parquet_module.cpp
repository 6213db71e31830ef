#include <dlfcn.h>
#include <stdlib.h>

#include "scoring/table/parquet_entry.h"
#include "scoring/table/piece_rows.h"
#include "system/host.h"

namespace mlpipe {
namespace {

constexpr const char* file_name = "mlpipe_parquet.so";

Error cannot_open(const std::string& what) {
  return {ErrorKind::step_failed, "Parquet tables cannot be scored: " + what,
          "install pyarrow into .venv (pip install pyarrow==26.0.1) and build mlpipe again, or write the table as CSV"};
}

Result<OpenParquetRows> open_module() {
  const auto path = find_module(file_name);
  if (!path) return cannot_open(std::string(file_name) + " is not there");
  // Arrow's allocator would start a thread while it is loaded.
  ::setenv("JE_ARROW_MALLOC_CONF", "background_thread:false", 1);
  void* library = ::dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return cannot_open(::dlerror());
  const auto entry = reinterpret_cast<OpenParquetRows>(::dlsym(library, MLPIPE_OPEN_PARQUET_ROWS));
  return entry ? Result<OpenParquetRows>(entry) : cannot_open(path->string() + " belongs to another version of mlpipe");
}

}  // namespace

Result<std::unique_ptr<PieceRows>> open_parquet(const mlpipe_table_piece& piece, const TableColumns& columns) {
  static const auto entry = open_module();
  if (!entry) return entry.error();
  Result<std::unique_ptr<PieceRows>> rows = std::unique_ptr<PieceRows>();
  (*entry)(piece, columns, rows);
  return rows;
}

}  // namespace mlpipe
