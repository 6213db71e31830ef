// The functions of mlpipe_parquet.so, which holds Arrow's C++ libraries as PyTorch's are held: in a shared object that is opened when
// it is needed. It is built together with what opens it, so C++ objects may go through; exceptions do not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/table/piece_rows.h"

#define MLPIPE_OPEN_PARQUET_ROWS "mlpipe_open_parquet_rows_v1"
#define MLPIPE_WRITE_PARQUET "mlpipe_write_parquet_v1"

namespace mlpipe {

using OpenParquetRows = void (*)(const mlpipe_table_piece& piece, const TableColumns& columns, Result<std::unique_ptr<PieceRows>>& opened);

// A column to write: numbers, absent where present is 0 (then `values` has only the others), or texts in UTF-8.
struct ParquetColumn {
  std::string name;
  bool number = false;
  std::vector<std::int16_t> present;
  std::vector<double> values;
  std::vector<std::string_view> texts;
};

// Of columns that have all as many rows: the bytes of the file.
using WriteParquet = void (*)(const std::vector<ParquetColumn>& columns, std::size_t rows, Result<std::string>& written);

}  // namespace mlpipe
