// A loaded model with its preprocessing: what `mlpipe_scorer` is.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "pipeline/row_template.h"
#include "scoring/configuration.h"
#include "scoring/image/image_input.h"
#include "scoring/module.h"
#include "scoring/torch/torch_model.h"

namespace mlpipe {

class Scorer {
 public:
  static Result<std::unique_ptr<Scorer>> open(std::string_view configuration);

  // Every item gets its rows or a reason through the sink. Error: the mini-batch as a whole failed.
  Status score(const mlpipe_item* items, std::size_t count, const mlpipe_row_sink& sink);

 private:
  Scorer(Scoring scoring, RowTemplate row, ImageInput images, std::unique_ptr<TorchModel> model)
      : scoring_(std::move(scoring)), row_(std::move(row)), images_(std::move(images)), model_(std::move(model)) {}

  Scoring scoring_;
  RowTemplate row_;
  ImageInput images_;
  std::unique_ptr<TorchModel> model_;
};

}  // namespace mlpipe
