// A reader of the rows of one piece: one kind a format.
#pragma once

#include <memory>

#include "scoring/table/piece_plan.h"
#include "scoring/table/row_block.h"

namespace mlpipe {

class PieceRows {
 public:
  virtual ~PieceRows() = default;
  // Reads the next rows into `block`, from its row `first` on, at most `most`. Returns how many; 0: there are no more.
  virtual Result<std::size_t> read(RowBlock& block, std::size_t first, std::size_t most) = 0;
};

// What they read of must live as long as they do.
Result<std::unique_ptr<PieceRows>> open_delimited(const mlpipe_table_piece& piece, const TableColumns& columns);
Result<std::unique_ptr<PieceRows>> open_json_lines(const mlpipe_table_piece& piece, const TableColumns& columns);
// Through the module mlpipe_parquet.so, which is opened when it is first needed. Error also: there is none.
Result<std::unique_ptr<PieceRows>> open_parquet(const mlpipe_table_piece& piece, const TableColumns& columns);

}  // namespace mlpipe
