// A mini-batch of the wire as a scoring module takes it.
#pragma once

#include <vector>

#include "scoring/module.h"
#include "worker/protocol.h"

namespace mlpipe {

// Points into `batch`, which must outlive it.
class ModuleMiniBatch {
 public:
  explicit ModuleMiniBatch(const wire::MiniBatch& batch);
  ModuleMiniBatch(const ModuleMiniBatch&) = delete;
  ModuleMiniBatch& operator=(const ModuleMiniBatch&) = delete;

  const mlpipe_mini_batch& get() const { return batch_; }
  std::size_t count() const { return batch_.pieces ? batch_.row_count : batch_.item_count; }

 private:
  mlpipe_table_piece piece_of(const wire::TablePiece& piece);

  std::vector<mlpipe_item> items_;
  std::vector<std::vector<mlpipe_range>> ranges_;
  std::vector<std::vector<mlpipe_path_column>> columns_;
  std::vector<mlpipe_table_piece> pieces_;
  mlpipe_mini_batch batch_{};
};

}  // namespace mlpipe
