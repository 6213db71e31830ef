#include "scoring/torch/passes.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace mlpipe {
namespace {

std::size_t size_of(ValueType type) { return type == ValueType::int64 ? sizeof(std::int64_t) : sizeof(float); }

std::string shape_text(std::size_t rows, const std::vector<InputRow>& shape) {
  std::vector<std::string> each;
  for (const InputRow& input : shape) each.push_back(fmt::format("[{}]", fmt::join(input.in_batch(rows), ", ")));
  return fmt::format("{}", fmt::join(each, " and "));
}

}  // namespace

// A picture of 178 million pixels is a small file, and a batch of it more memory than a machine has.
Status Passes::fits(const std::vector<InputRow>& shape) const {
  constexpr std::size_t most = std::size_t{4} << 30;
  std::size_t bytes = 0;
  for (const InputRow& input : shape) bytes += input.values() * size_of(input.type);
  if (bytes <= most / batch_size_) return {};
  return Error{ErrorKind::step_failed, fmt::format("{} items of its size in a batch take more than 4 GB (shape {})", batch_size_, shape_text(batch_size_, shape)),
               "a smaller batch_size; of images: resize or crop"};
}

Result<Passes::Room> Passes::room(const std::vector<InputRow>& shape) {
  if (full() || (!waiting_.empty() && shape != shape_)) MLPIPE_TRY_VOID(flush());
  if (waiting_.empty()) {
    shape_ = shape;
    MLPIPE_TRY(inputs_, model_.begin(batch_size_, shape_));
  }
  Room room{inputs_, batch_size_ - waiting_.size()};
  for (std::size_t i = 0; i < shape_.size(); ++i)
    room.inputs[i] = static_cast<char*>(inputs_[i]) + waiting_.size() * shape_[i].values() * size_of(shape_[i].type);
  return room;
}

Status Passes::run(ModelOutput& output) {
  auto done = model_.forward();
  if (done) {
    output = *done;
    return check_row_size(output.row_size);
  }
  // Behind the first line, which is all that some people see.
  Error error = done.error();
  error.message.insert(std::min(error.message.find('\n'), error.message.size()), fmt::format(" (the input had shape {})", shape_text(batch_size_, shape_)));
  return error;
}

Status Passes::check_row_size(std::size_t values) const {
  if (values < writer_.values_needed())
    return Error{ErrorKind::step_failed, fmt::format("the model gives {} values an item, and scoring.output asks for {}", values, writer_.values_needed()), ""};
  if (labels_ && labels_->size() != values)
    return Error{ErrorKind::step_failed, fmt::format("the model gives {} values an item, and scoring.labels has {} lines", values, labels_->size()),
                 "one line a value, the first that of value 0"};
  return {};
}

Status Passes::flush() {
  if (waiting_.empty()) return {};
  ModelOutput output;
  const bool wanted = std::any_of(waiting_.begin(), waiting_.end(), [](const PassRow& row) { return !row.failed; });
  if (wanted) {
    MLPIPE_TRY_VOID(run(output));
    write(output);
  }
  waiting_.clear();
  return {};
}

void Passes::item_failed(std::size_t item) {
  for (auto row = waiting_.rbegin(); row != waiting_.rend() && row->item == item; ++row) row->failed = true;
}

// As few calls as the items allow: consecutive ones with a line each go together. An item that may have more rows is told alone, for it may
// fail at one of them: what it gave must be known from what others gave.
void Passes::write(const ModelOutput& output) {
  std::size_t first = 0, lines = 0;
  text_.clear();
  const auto tell = [&] {
    if (lines > 0) sink_.rows(sink_.context, waiting_[first].item, lines, text_.data(), text_.size());
    text_.clear();
    lines = 0;
  };
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const PassRow& row = waiting_[i];
    const bool goes_on = i + 1 == waiting_.size() || waiting_[i + 1].item == row.item;
    if (lines > 0 && (row.failed || goes_on || row.item != waiting_[first].item + lines)) tell();
    if (row.failed) continue;
    if (lines++ == 0) first = i;
    writer_.append({row.path, row.row, output.values + i * output.row_size, output.row_size, row.columns, labels_}, text_);
  }
  tell();
}

}  // namespace mlpipe
