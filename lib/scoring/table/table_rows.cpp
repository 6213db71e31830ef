#include "scoring/table/table_rows.h"

#include "scoring/table/piece_rows.h"

namespace mlpipe {
namespace {

// One piece after the other; the next one is opened when the rows of the one before are used up.
class ChainedRows final : public TableRows {
 public:
  ChainedRows(const mlpipe_table_piece* pieces, std::size_t count, const TableColumns& columns)
      : next_(pieces), end_(pieces + count), columns_(columns) {}

  Status prepare() {
    MLPIPE_TRY(block_, RowBlock::make(columns_));
    return {};
  }

  Result<std::size_t> read(std::size_t most, const std::vector<void*>& inputs) override {
    block_.begin(most, inputs);
    std::size_t rows = 0;
    while (rows < most) {
      if (!piece_ && next_ == end_) break;
      if (!piece_) {
        MLPIPE_TRY(piece_, open(*next_++));
      }
      MLPIPE_TRY(const std::size_t read, piece_->read(block_, rows, most - rows));
      if (read == 0) piece_.reset();
      rows += read;
    }
    block_.finish();
    return rows;
  }

  const std::vector<FailedRow>& failed() const override { return block_.failed(); }
  std::string_view text(std::size_t row, std::size_t column) const override { return block_.text(row, column); }

 private:
  Result<std::unique_ptr<PieceRows>> open(const mlpipe_table_piece& piece) const {
    switch (piece.format) {
      case mlpipe_json_lines: return open_json_lines(piece, columns_);
      case mlpipe_parquet: return open_parquet(piece, columns_);
      default: return open_delimited(piece, columns_);
    }
  }

  const mlpipe_table_piece* next_;
  const mlpipe_table_piece* end_;
  const TableColumns columns_;
  RowBlock block_;
  std::unique_ptr<PieceRows> piece_;
};

}  // namespace

Result<std::unique_ptr<TableRows>> open_table(const mlpipe_table_piece* pieces, std::size_t count, const TableColumns& columns) {
  auto rows = std::make_unique<ChainedRows>(pieces, count, columns);
  MLPIPE_TRY_VOID(rows->prepare());
  return std::unique_ptr<TableRows>(std::move(rows));
}

}  // namespace mlpipe
