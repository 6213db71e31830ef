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
#include "scoring/package/package_inputs.h"
#include "scoring/rows/row_writer.h"
#include "scoring/torch/feed.h"
#include "scoring/torch/torch_model.h"

namespace mlpipe {

class Scorer {
 public:
  // Loads the model; with `numerics: fast` and no batch size finds one. A package is held against what it is fed, and the first time on
  // a machine its rows are compared at two batch sizes.
  static Result<std::unique_ptr<Scorer>> open(std::string_view configuration);

  const char* facts() const { return facts_text_.c_str(); }
  // Every item gets its rows or a reason through the sink. Error: the mini-batch as a whole failed.
  Status score(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink);
  Result<mlpipe_timing> measure(std::size_t batch_size, double seconds, float* values, std::size_t value_count);

 private:
  Scorer(RowWriter writer, std::vector<std::string> labels, std::unique_ptr<Feed> feed, std::unique_ptr<TorchModel> model)
      : writer_(std::move(writer)), labels_(std::move(labels)), feed_(std::move(feed)), model_(std::move(model)) {}

  Status fit_package(const std::string& folder, const Scoring& scoring);
  Status choose_batch_size(const Scoring& scoring);
  void take_what_fits(std::size_t wanted);
  Status run(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink);
  Status score_to_files(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink);

  RowFormat format_ = RowFormat::text;
  RowWriter writer_;
  std::vector<std::string> labels_;
  std::unique_ptr<Feed> feed_;
  std::unique_ptr<TorchModel> model_;
  SizeRange batches_;  // what the model takes
  ModelFacts facts_;
  std::string facts_text_;
};

}  // namespace mlpipe
