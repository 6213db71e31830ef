// A loaded model with what goes in and what comes out: what `mlpipe_scorer` is.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scoring/configuration.h"
#include "scoring/model_facts.h"
#include "scoring/module.h"
#include "scoring/rows/row_writer.h"
#include "scoring/torch/feed.h"
#include "scoring/torch/torch_model.h"

namespace mlpipe {

class Scorer {
 public:
  // Loads the model; with `numerics: fast` and no batch size finds one.
  static Result<std::unique_ptr<Scorer>> open(std::string_view configuration);

  const char* facts() const { return facts_text_.c_str(); }
  // Every item gets its rows or a reason through the sink. Error: the mini-batch as a whole failed.
  Status score(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink);
  Result<mlpipe_timing> measure(std::size_t batch_size, double seconds, float* values, std::size_t value_count);

 private:
  Scorer(RowWriter writer, std::vector<std::string> labels, std::unique_ptr<Feed> feed, std::unique_ptr<TorchModel> model)
      : writer_(std::move(writer)), labels_(std::move(labels)), feed_(std::move(feed)), model_(std::move(model)) {}

  Status choose_batch_size(const Scoring& scoring);
  Status run(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink);
  Status score_to_files(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink);

  RowFormat format_ = RowFormat::text;
  RowWriter writer_;
  std::vector<std::string> labels_;
  std::unique_ptr<Feed> feed_;
  std::unique_ptr<TorchModel> model_;
  ModelFacts facts_;
  std::string facts_text_;
};

}  // namespace mlpipe
