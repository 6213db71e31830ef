// The one function of mlpipe_parquet.so, which holds Arrow's C++ libraries as PyTorch's are held: in a shared object that is opened when
// it is needed. It is built together with what opens it, so C++ objects may go through; exceptions do not.
#pragma once

#include "scoring/table/piece_rows.h"

#define MLPIPE_OPEN_PARQUET_ROWS "mlpipe_open_parquet_rows_v1"

namespace mlpipe {

using OpenParquetRows = void (*)(const mlpipe_table_piece& piece, const TableColumns& columns, Result<std::unique_ptr<PieceRows>>& opened);

}  // namespace mlpipe
