#include "scoring/torch/timing.h"

#include <algorithm>
#include <chrono>

namespace mlpipe {
namespace {

using Steady = std::chrono::steady_clock;

double since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

// Values that a network does not take for zeros: denormal or constant input would be timed differently. The same in every pass.
void make_up(const std::vector<void*>& places, std::size_t rows, const std::vector<InputRow>& row) {
  for (std::size_t input = 0; input < row.size(); ++input) {
    auto state = static_cast<std::uint32_t>(input + 1);
    for (std::size_t i = 0; i < rows * row[input].values(); ++i) {
      state = state * 1'664'525u + 1'013'904'223u;
      const float value = static_cast<float>(state >> 8) / static_cast<float>(1 << 24);
      // Integers are indexes more often than not: 0 is always one.
      if (row[input].type == ValueType::float32) static_cast<float*>(places[input])[i] = 2 * value - 1;
    }
  }
}

Result<double> one_pass(TorchModel& model, std::size_t batch_size, const std::vector<InputRow>& row, ModelOutput& output) {
  MLPIPE_TRY(const auto places, model.begin(batch_size, row));
  make_up(places, batch_size, row);
  const auto start = Steady::now();
  MLPIPE_TRY(output, model.forward());
  return since(start);
}

}  // namespace

Result<ModelOutput> run_made_up(TorchModel& model, std::size_t batch_size, const std::vector<InputRow>& row) {
  ModelOutput output;
  MLPIPE_TRY(const double took, one_pass(model, batch_size, row, output));
  static_cast<void>(took);
  return output;
}

Result<mlpipe_timing> time_passes(TorchModel& model, std::size_t batch_size, const std::vector<InputRow>& row, double seconds, ModelOutput* output) {
  constexpr std::size_t least = 3, most = 100'000;
  ModelOutput last;
  MLPIPE_TRY(last, run_made_up(model, batch_size, row));
  std::vector<double> times;
  for (const auto start = Steady::now(); times.size() < least || (since(start) < seconds && times.size() < most);) {
    MLPIPE_TRY(const double took, one_pass(model, batch_size, row, last));
    times.push_back(took);
  }
  std::sort(times.begin(), times.end());
  if (output) *output = last;
  return mlpipe_timing{batch_size, times.size(), times[times.size() / 2], times.front(), times.back()};
}

Result<std::size_t> best_batch_size(TorchModel& model, const std::vector<InputRow>& row, const SizeRange& range) {
  const auto smallest = static_cast<std::size_t>(std::clamp<std::int64_t>(8, range.least, range.most));
  const auto largest = static_cast<std::size_t>(std::min<std::int64_t>(8192, range.most));
  constexpr double budget = 0.3, worth = 0.97;  // seconds for all of it; what a row must cost less to double the batch
  const auto start = Steady::now();
  std::size_t best = smallest;
  double cheapest = 0;
  // A model that is slow at the smallest size computes more than it waits: larger batches would bring it little, and measuring them costs
  // seconds. Its first pass is not lost: the workers are forked from a process that has made it.
  ModelOutput ignored;
  MLPIPE_TRY(const double first, one_pass(model, smallest, row, ignored));
  if (first > budget / 2) return smallest;
  for (std::size_t size = smallest; size <= largest; size *= 2) {
    MLPIPE_TRY(const mlpipe_timing timing, time_passes(model, size, row, budget / 20));
    const double a_row = timing.fastest_seconds / static_cast<double>(size);
    if (cheapest == 0 || a_row < cheapest * worth) {
      best = size;
      cheapest = a_row;
    } else if (size > 2 * best) {
      break;  // two doublings that brought nothing
    }
    // The next size takes about twice as long, four times.
    if (since(start) + 8 * timing.median_seconds > budget) break;
  }
  return best;
}

}  // namespace mlpipe
