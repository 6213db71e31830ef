// The items of one mini-batch on their way through the model, in forward passes of one fixed size. Rows never depend on
// what else is in a pass: the last one is padded with zeros, since PyTorch's bits change with the size of a batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/row_template.h"
#include "scoring/image/image_input.h"
#include "scoring/module.h"
#include "scoring/torch/torch_model.h"

namespace mlpipe {

class MiniBatch {
 public:
  MiniBatch(TorchModel& model, std::size_t batch_size, const RowTemplate& row, const mlpipe_item* items, const mlpipe_row_sink& sink)
      : model_(model), batch_size_(batch_size), row_(row), items_(items), sink_(sink) {}

  // An unreadable item is told to the sink; an error means that the model failed.
  Status add_image(std::size_t item, const ImageInput& images);
  Status add_array(std::size_t item);
  // Runs what waits.
  Status flush();

 private:
  struct Place {
    std::size_t item, row;
  };

  // Where the next input row of this shape goes; runs the model first when the pass is full or of another shape.
  Result<float*> next(Place place, const std::vector<std::int64_t>& shape);
  void fail(std::size_t item, const Error& error);

  TorchModel& model_;
  std::size_t batch_size_;
  const RowTemplate& row_;
  const mlpipe_item* items_;
  const mlpipe_row_sink& sink_;
  std::vector<Place> waiting_;
  std::vector<std::int64_t> shape_;  // of one input row
  std::size_t row_size_ = 0;
  float* input_ = nullptr;
  std::string text_;
};

}  // namespace mlpipe
