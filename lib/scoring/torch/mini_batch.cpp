#include "scoring/torch/mini_batch.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "scoring/npy_file.h"
#include "system/files.h"

namespace mlpipe {
namespace {

// A pipe or a device would block for ever.
Result<std::string> read_item(const char* path) {
  if (!is_file(path)) return Error{ErrorKind::step_failed, fmt::format("{} is not a file", path), ""};
  return read_file(path);
}

Result<Image> load_image(const char* path, const ImageInput& images) {
  MLPIPE_TRY(const std::string file, read_item(path));
  return images.load(file);
}

}  // namespace

void MiniBatch::fail(std::size_t item, const Error& error) {
  const std::string reason = error.hint.empty() ? error.message : fmt::format("{} ({})", error.message, error.hint);
  sink_.failed(sink_.context, item, reason.data(), reason.size());
}

Status MiniBatch::add_image(std::size_t item, const ImageInput& images) {
  auto image = load_image(items_[item].path, images);
  if (!image) return fail(item, image.error()), Status();
  MLPIPE_TRY(float* input, next({item, 0}, {image->channels, image->height, image->width}));
  images.write(*image, input);
  return {};
}

Status MiniBatch::add_array(std::size_t item) {
  auto file = NpyFile::open(items_[item].path);
  if (!file) return fail(item, file.error()), Status();
  for (std::size_t row = 0; row < file->rows(); ++row) {
    MLPIPE_TRY(float* input, next({item, row}, file->row_shape()));
    if (auto read = file->read_row(row, input); !read) {
      waiting_.pop_back();
      return fail(item, read.error()), Status();
    }
  }
  return {};
}

Result<float*> MiniBatch::next(Place place, const std::vector<std::int64_t>& shape) {
  if (waiting_.size() == batch_size_ || (!waiting_.empty() && shape != shape_)) MLPIPE_TRY_VOID(flush());
  if (waiting_.empty()) {
    shape_ = shape;
    row_size_ = 1;
    for (const auto side : shape) row_size_ *= static_cast<std::size_t>(side);
    std::vector<std::int64_t> whole{static_cast<std::int64_t>(batch_size_)};
    whole.insert(whole.end(), shape.begin(), shape.end());
    MLPIPE_TRY(input_, model_.begin(whole));
  }
  waiting_.push_back(place);
  return input_ + (waiting_.size() - 1) * row_size_;
}

Status MiniBatch::flush() {
  if (waiting_.empty()) return {};
  const auto output = model_.forward();
  if (!output) {
    // Behind the first line, which is all that some people see.
    Error error = output.error();
    error.message.insert(std::min(error.message.find('\n'), error.message.size()),
                         fmt::format(" (the input had shape [{}, {}])", batch_size_, fmt::join(shape_, ", ")));
    return error;
  }
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    text_.clear();
    row_.append({items_[waiting_[i].item].path, waiting_[i].row, output->values + i * output->row_size, output->row_size}, text_);
    sink_.row(sink_.context, waiting_[i].item, text_.data(), text_.size());
  }
  waiting_.clear();
  return {};
}

}  // namespace mlpipe
