#include <fmt/format.h>

#include "scoring/image/image_input.h"
#include "scoring/torch/feed.h"
#include "system/files.h"

namespace mlpipe {
namespace {

// A pipe or a device would block for ever.
Result<std::string> read_item(const char* path) {
  if (!is_file(path)) return Error{ErrorKind::step_failed, fmt::format("{} is not a file", path), ""};
  return read_file(path);
}

class ImageFeed final : public Feed {
 public:
  explicit ImageFeed(ImageInput images) : images_(std::move(images)) {}

  Status run(const mlpipe_mini_batch& mini_batch, Passes& passes, const mlpipe_row_sink& sink) const override {
    for (std::size_t item = 0; item < mini_batch.item_count; ++item) {
      const char* path = mini_batch.items[item].path;
      const auto image = load(path);
      if (!image) {
        tell_failed(sink, item, image.error());
        continue;
      }
      const std::vector<InputRow> shape{{ValueType::float32, images_.shape_of(*image)}};
      if (const auto fits = passes.fits(shape); !fits) {
        tell_failed(sink, item, fits.error());
        continue;
      }
      MLPIPE_TRY(const Passes::Room room, passes.room(shape));
      images_.write(*image, static_cast<float*>(room.inputs.front()));
      passes.add({item, path, 0, nullptr, false});
    }
    return {};
  }

  std::optional<std::vector<InputRow>> shape() const override {
    const auto known = images_.known_shape();
    if (!known) return std::nullopt;
    return std::vector<InputRow>{{ValueType::float32, *known}};
  }

 private:
  Result<Image> load(const char* path) const {
    MLPIPE_TRY(const std::string file, read_item(path));
    return images_.load(file);
  }

  ImageInput images_;
};

}  // namespace

Result<std::unique_ptr<Feed>> make_image_feed(const Scoring& scoring) {
  MLPIPE_TRY(ImageInput images, ImageInput::make(scoring.image));
  return std::unique_ptr<Feed>(std::make_unique<ImageFeed>(std::move(images)));
}

}  // namespace mlpipe
