#include "worker/module_mini_batch.h"

namespace mlpipe {

ModuleMiniBatch::ModuleMiniBatch(const wire::MiniBatch& batch) {
  for (const auto& item : batch.items) items_.push_back({item.c_str()});
  for (const auto& piece : batch.pieces) pieces_.push_back(piece_of(piece));
  batch_.items = items_.data();
  batch_.item_count = items_.size();
  if (batch.kind != wire::MiniBatch::Kind::table) return;
  static const mlpipe_table_piece none{};
  batch_.pieces = pieces_.empty() ? &none : pieces_.data();
  batch_.piece_count = pieces_.size();
  batch_.first_row = batch.first_row;
  batch_.row_first = batch.row_first;
  batch_.row_count = batch.row_count;
}

mlpipe_table_piece ModuleMiniBatch::piece_of(const wire::TablePiece& piece) {
  auto& ranges = ranges_.emplace_back();
  for (const auto& range : piece.ranges) ranges.push_back({range.begin, range.end});
  auto& columns = columns_.emplace_back();
  for (const auto& column : piece.columns) columns.push_back({column.name.c_str(), column.value.c_str()});
  return {piece.path.c_str(),        static_cast<int>(piece.format), piece.delimiter.c_str(), piece.header,   piece.header_bytes,
          piece.header_path.c_str(), ranges.data(),                  ranges.size(),           columns.data(), columns.size()};
}

}  // namespace mlpipe
