#include "scoring/torch/scorer.h"

#include "scoring/model_format.h"
#include "scoring/torch/mini_batch.h"

namespace mlpipe {
namespace {

Error not_yet(std::string what) { return {ErrorKind::spec, std::move(what) + " not yet", ""}; }

Status check(const Scoring& scoring) {
  if (scoring.input == ScoringInput::table) return not_yet("scoring.input: table cannot be scored by a model");
  if (scoring.numerics == Numerics::fast) return not_yet("scoring.numerics: fast does not work");
  if (scoring.device != "cpu") return not_yet("scoring.device: " + scoring.device + " does not work");
  if (scoring.batch_size < 1) return Error{ErrorKind::spec, "scoring.batch_size must be at least 1", ""};
  return {};
}

}  // namespace

Result<std::unique_ptr<Scorer>> Scorer::open(std::string_view configuration) {
  MLPIPE_TRY(auto asked, scoring_configuration_from_json(configuration));
  MLPIPE_TRY_VOID(check(asked.scoring));
  MLPIPE_TRY(auto row, RowTemplate::parse(asked.scoring.output.value));
  MLPIPE_TRY(auto images, ImageInput::make(asked.scoring.image));
  MLPIPE_TRY_VOID(check_is_torchscript(asked.model));
  MLPIPE_TRY(auto model, TorchModel::load(asked.model));
  return std::unique_ptr<Scorer>(new Scorer(std::move(asked.scoring), std::move(row), std::move(images), std::move(model)));
}

Status Scorer::score(const mlpipe_item* items, std::size_t count, const mlpipe_row_sink& sink) {
  MiniBatch batch(*model_, static_cast<std::size_t>(scoring_.batch_size), row_, items, sink);
  for (std::size_t item = 0; item < count; ++item) {
    MLPIPE_TRY_VOID(scoring_.input == ScoringInput::image ? batch.add_image(item, images_) : batch.add_array(item));
  }
  return batch.flush();
}

}  // namespace mlpipe
