#include "scoring/torch/scorer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "scoring/package/model_format.h"
#include "scoring/package/unpack.h"
#include "scoring/row_collector.h"
#include "scoring/rows/npy_rows.h"
#include "scoring/table/parquet_files.h"
#include "scoring/torch/self_check.h"
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

std::vector<std::vector<std::int64_t>> sides_of(const std::vector<InputRow>& row) {
  std::vector<std::vector<std::int64_t>> sides;
  for (const InputRow& input : row) sides.push_back(input.shape);
  return sides;
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
  if (format == ModelFormat::aoti_package) MLPIPE_TRY_VOID(scorer->fit_package(asked.model, scoring));
  else MLPIPE_TRY_VOID(scorer->choose_batch_size(scoring));
  scorer->facts_text_ = to_json(scorer->facts_);
  return scorer;
}

Status Scorer::fit_package(const std::string& folder, const Scoring& scoring) {
  MLPIPE_TRY(const PackageFacts package, package_facts(folder));
  const auto shape = feed_->shape();
  if (shape) MLPIPE_TRY_VOID(check_rows(package.inputs, sides_of(*shape)));
  batches_ = batch_range(package.inputs);
  facts_.smallest_batch = static_cast<std::size_t>(batches_.least);
  facts_.largest_batch = static_cast<std::size_t>(batches_.most);
  MLPIPE_TRY_VOID(choose_batch_size(scoring));
  if (!shape || was_compared(folder)) return {};
  MLPIPE_TRY_VOID(compare_batch_sizes(*model_, *shape, facts_.batch_size, batches_));
  note_compared(folder);
  return {};
}

Status Scorer::choose_batch_size(const Scoring& scoring) {
  const auto shape = feed_->shape();
  if (scoring.batch_size) {
    facts_.batch_size = static_cast<std::size_t>(*scoring.batch_size);
    return check_batch_size(batches_, facts_.batch_size);
  }
  if (const auto usual = batch_size_of(scoring)) {
    take_what_fits(static_cast<std::size_t>(*usual));
  } else if (!shape || scoring.device != "cpu" || batches_.fixed()) {
    take_what_fits(shape ? gpu_batch_size : unmeasured_batch_size);
  } else {
    MLPIPE_TRY(facts_.batch_size, best_batch_size(*model_, *shape, batches_));
    facts_.measured = true;
  }
  return {};
}

void Scorer::take_what_fits(std::size_t wanted) {
  facts_.batch_size = static_cast<std::size_t>(std::clamp(static_cast<std::int64_t>(wanted), batches_.least, batches_.most));
  if (facts_.batch_size != wanted) facts_.notes.push_back(fmt::format("the package takes {}: batch_size is {}", batches_text(batches_), facts_.batch_size));
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
  MLPIPE_TRY_VOID(check_batch_size(batches_, batch_size));
  ModelOutput output;
  MLPIPE_TRY(const mlpipe_timing timing, time_passes(*model_, batch_size, *shape, seconds, &output));
  if (values) std::copy_n(output.values, std::min(value_count, output.rows * output.row_size), values);
  return timing;
}

}  // namespace mlpipe
