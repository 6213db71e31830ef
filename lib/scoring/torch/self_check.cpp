#include "scoring/torch/self_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scoring/torch/timing.h"

namespace mlpipe {
namespace {

std::optional<std::size_t> other_size(std::size_t batch_size, const SizeRange& range) {
  const auto size = static_cast<std::int64_t>(batch_size);
  if (range.holds(size / 2)) return batch_size / 2;
  if (range.holds(size * 2)) return batch_size * 2;
  return std::nullopt;
}

Result<std::vector<float>> made_up_values(TorchModel& model, const std::vector<InputRow>& row, std::size_t batch_size) {
  MLPIPE_TRY(const ModelOutput output, run_made_up(model, batch_size, row));
  return std::vector<float>(output.values, output.values + output.rows * output.row_size);
}

// Sums in another order, and of fewer bits (bfloat16), give less than this part of the largest value; other rows give much more.
constexpr float rounding = 0.02F;

bool about_equal(const std::vector<float>& a, const std::vector<float>& b, std::size_t count) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (std::isfinite(a[i])) largest = std::max(largest, std::abs(a[i]));
  for (std::size_t i = 0; i < count; ++i) {
    const bool equal = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])) || std::abs(a[i] - b[i]) <= rounding * largest;
    if (!equal) return false;
  }
  return true;
}

}  // namespace

Status compare_batch_sizes(TorchModel& model, const std::vector<InputRow>& row, std::size_t batch_size, const SizeRange& range) {
  const auto other = other_size(batch_size, range);
  if (!other) return {};
  MLPIPE_TRY(const auto values, made_up_values(model, row, batch_size));
  MLPIPE_TRY(const auto others, made_up_values(model, row, *other));
  const std::size_t rows = std::min(batch_size, *other);
  const bool same_size = values.size() / batch_size == others.size() / *other;
  if (same_size && about_equal(values, others, values.size() / batch_size * rows)) return {};
  return Error{ErrorKind::step_failed, fmt::format("the package gives other rows in batches of {} than in batches of {}", batch_size, *other),
               "export the model after .eval(), with a dynamic batch: dynamic_shapes=({0: torch.export.Dim('b', min=2, max=4096)},)"};
}

}  // namespace mlpipe
