#include "scoring/torch/scorer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "scoring/package/model_format.h"
#include "scoring/row_collector.h"
#include "scoring/rows/npy_rows.h"
#include "scoring/table/parquet_rows.h"
#include "scoring/torch/timing.h"
#include "system/files.h"

namespace mlpipe {
namespace {

// Of arrays and of images without a size, whose shape only the first item tells.
constexpr std::size_t unmeasured_batch_size = 8;
// Of a GPU, whose workers would each find another one.
constexpr std::size_t gpu_batch_size = 64;

Result<std::vector<std::string>> read_labels(const std::string& path) {
  std::vector<std::string> labels;
  if (path.empty()) return labels;
  MLPIPE_TRY(const std::string text, read_file(path));
  for (const std::string_view line : split(text, '\n')) labels.emplace_back(trim(line));
  while (!labels.empty() && labels.back().empty()) labels.pop_back();
  if (labels.empty()) return Error{ErrorKind::step_failed, fmt::format("{}: there is no label in it", path), "one line a value of the model"};
  return labels;
}

}  // namespace

Result<std::unique_ptr<Scorer>> Scorer::open(std::string_view configuration) {
  MLPIPE_TRY(const ScoringConfiguration asked, scoring_configuration_from_json(configuration));
  const Scoring& scoring = asked.scoring;
  MLPIPE_TRY(RowWriter writer, RowWriter::make(scoring));
  MLPIPE_TRY(auto labels, read_labels(asked.labels));
  if (writer.needs_labels() && labels.empty()) return Error{ErrorKind::spec, "{label} needs scoring.labels, a file with a name a line", ""};
  if (scoring.format == RowFormat::parquet) MLPIPE_TRY_VOID(parquet_is_there());
  MLPIPE_TRY(auto feed, make_feed(scoring, writer.columns()));
  MLPIPE_TRY(const ModelFormat format, runnable_format(asked.model));
  MLPIPE_TRY(auto model, TorchModel::load(asked.model, format, scoring.numerics, scoring.device));
  std::unique_ptr<Scorer> scorer(new Scorer(std::move(writer), std::move(labels), std::move(feed), std::move(model)));
  scorer->format_ = scoring.format;
  scorer->facts_.format = format == ModelFormat::aoti_package ? "AOTInductor package" : "TorchScript";
  scorer->facts_.device = scoring.device;
  MLPIPE_TRY_VOID(scorer->choose_batch_size(scoring));
  scorer->facts_text_ = to_json(scorer->facts_);
  return scorer;
}

Status Scorer::choose_batch_size(const Scoring& scoring) {
  const auto shape = feed_->shape();
  if (const auto given = batch_size_of(scoring)) {
    facts_.batch_size = static_cast<std::size_t>(*given);
  } else if (!shape || scoring.device != "cpu") {
    facts_.batch_size = shape ? gpu_batch_size : unmeasured_batch_size;
  } else {
    MLPIPE_TRY(facts_.batch_size, best_batch_size(*model_, *shape));
    facts_.measured = true;
  }
  return {};
}

Status Scorer::score(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink) {
  return in_files(format_) ? score_to_files(mini_batch, sink) : run(mini_batch, sink);
}

Status Scorer::score_to_files(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink) {
  const std::size_t items = mini_batch.piece_count > 0 ? mini_batch.row_count : mini_batch.item_count;
  RowCollector collected(items);
  MLPIPE_TRY_VOID(run(mini_batch, collected.sink()));
  for (std::size_t item = 0; item < items; ++item)
    if (const auto& reason = collected.reasons()[item]) sink.failed(sink.context, item, reason->data(), reason->size());
  if (collected.rows().empty()) return {};
  MLPIPE_TRY(const std::string files, format_ == RowFormat::npy ? npy_files(collected.rows()) : parquet_files(writer_.table(), collected.rows()));
  sink.rows(sink.context, 0, items, files.data(), files.size());
  return {};
}

Status Scorer::run(const mlpipe_mini_batch& mini_batch, const mlpipe_row_sink& sink) {
  Passes passes(*model_, facts_.batch_size, writer_, labels_.empty() ? nullptr : &labels_, sink);
  MLPIPE_TRY_VOID(feed_->run(mini_batch, passes, sink));
  return passes.flush();
}

Result<mlpipe_timing> Scorer::measure(std::size_t batch_size, double seconds, float* values, std::size_t value_count) {
  const auto shape = feed_->shape();
  if (!shape)
    return Error{ErrorKind::spec, "the shape of the model's input is not known", "images need `crop`, or `resize` with two numbers; of arrays only the files tell"};
  ModelOutput output;
  MLPIPE_TRY(const mlpipe_timing timing, time_passes(*model_, batch_size, *shape, seconds, &output));
  if (values) std::copy_n(output.values, std::min(value_count, output.rows * output.row_size), values);
  return timing;
}

}  // namespace mlpipe
