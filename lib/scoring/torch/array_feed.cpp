#include "scoring/array/array_file.h"
#include "scoring/torch/feed.h"

namespace mlpipe {
namespace {

class ArrayFeed final : public Feed {
 public:
  explicit ArrayFeed(std::vector<ModelInput> inputs) : inputs_(std::move(inputs)) {}

  Status run(const mlpipe_mini_batch& mini_batch, Passes& passes, const mlpipe_row_sink& sink) const override {
    for (std::size_t item = 0; item < mini_batch.item_count; ++item) {
      auto file = ArrayFile::open(mini_batch.items[item].path, inputs_);
      if (!file) tell_failed(sink, item, file.error());
      else MLPIPE_TRY_VOID(add(*file, item, mini_batch.items[item].path, passes, sink));
    }
    return {};
  }

  std::optional<std::vector<InputRow>> shape() const override { return std::nullopt; }

 private:
  static Status add(ArrayFile& file, std::size_t item, const char* path, Passes& passes, const mlpipe_row_sink& sink) {
    std::vector<InputRow> shape;
    for (const ArrayFile::Row& row : file.row()) shape.push_back({row.type, row.shape});
    if (const auto fits = passes.fits(shape); !fits) return tell_failed(sink, item, fits.error()), Status();
    for (std::size_t row = 0; row < file.rows(); ++row) {
      MLPIPE_TRY(const Passes::Room room, passes.room(shape));
      if (const auto read = file.read_row(row, room.inputs); !read) {
        passes.item_failed(item);
        return tell_failed(sink, item, read.error()), Status();
      }
      passes.add({item, path, row, nullptr, false});
    }
    return {};
  }

  std::vector<ModelInput> inputs_;
};

}  // namespace

Result<std::unique_ptr<Feed>> make_array_feed(const Scoring& scoring) { return std::unique_ptr<Feed>(std::make_unique<ArrayFeed>(scoring.inputs)); }

}  // namespace mlpipe
