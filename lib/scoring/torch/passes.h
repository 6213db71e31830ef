// Forward passes of one fixed size. Rows never depend on what else is in a pass: the last one is padded with zeros, since PyTorch's
// bits change with the size of a batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "scoring/module.h"
#include "scoring/rows/row_writer.h"
#include "scoring/torch/torch_model.h"

namespace mlpipe {

// What a row of a pass stands for.
struct PassRow {
  std::size_t item = 0;
  std::string_view path;
  std::uint64_t row = 0;                              // within its file or table
  const std::string_view* columns = nullptr;          // as RowWriter::columns(); valid until the pass has run
  bool failed = false;                                // told already: it gives no row
};

class Passes {
 public:
  Passes(TorchModel& model, std::size_t batch_size, const RowWriter& writer, const std::vector<std::string>* labels, const mlpipe_row_sink& sink)
      : model_(model), batch_size_(batch_size), writer_(writer), labels_(labels), sink_(sink) {}

  // Where the next rows of this shape go: an address an input of the model, and for how many rows.
  struct Room {
    std::vector<void*> inputs;
    std::size_t rows = 0;
  };
  // Whether a pass of such rows is small enough to be tried. Error: an item of this shape fails.
  Status fits(const std::vector<InputRow>& shape) const;
  // Runs the model first when the pass is full or of another shape.
  Result<Room> room(const std::vector<InputRow>& shape);
  // One row more of the room that was given last is filled.
  void add(const PassRow& row) { waiting_.push_back(row); }
  // The item that rows were added of last fails after all: those that wait are void.
  void item_failed(std::size_t item);
  bool full() const { return waiting_.size() == batch_size_; }
  // Runs what waits.
  Status flush();

 private:
  Status run(ModelOutput& output);
  Status check_row_size(std::size_t values) const;
  void write(const ModelOutput& output);

  TorchModel& model_;
  std::size_t batch_size_;
  const RowWriter& writer_;
  const std::vector<std::string>* labels_;
  const mlpipe_row_sink& sink_;
  std::vector<PassRow> waiting_;
  std::vector<InputRow> shape_;
  std::vector<void*> inputs_;
  std::string text_;
};

}  // namespace mlpipe
