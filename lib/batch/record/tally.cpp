#include "batch/record/tally.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mlpipe {
namespace {

bool above(std::uint64_t failed, long long allowed) { return allowed >= 0 && failed > static_cast<std::uint64_t>(allowed); }

Error threshold(std::string message, std::string hint) { return {ErrorKind::threshold, std::move(message), std::move(hint)}; }

}  // namespace

Tally::Tally(const ParallelRunConfig& config, std::uint64_t mini_batches, std::uint64_t items)
    : error_threshold_(config.error_threshold),
      allowed_failed_count_(config.allowed_failed_count),
      allowed_failed_percent_(config.allowed_failed_percent),
      rows_wanted_(config.output_action == OutputAction::append_row),
      mini_batches_(mini_batches),
      items_(items) {}

Tally::Tally(const ParallelRunConfig& config, const ScoreCounts& counts) : Tally(config, counts.mini_batches, counts.items) {
  done_ = counts.mini_batches - counts.failed_mini_batches;
  failed_ = counts.failed_mini_batches;
  items_done_ = counts.items;
  items_failed_ = counts.failed_items;
  rows_ = counts.rows;
}

void Tally::finished(std::uint32_t items, std::uint32_t failed_items, std::uint64_t rows, bool taken_apart) {
  ++done_;
  items_done_ += items;
  items_failed_ += failed_items;
  rows_ += rows;
  if (!taken_apart) return;
  ++rescued_;
  items_rescued_ += items - failed_items;
}

void Tally::given_up(std::uint32_t items) {
  ++failed_;
  items_done_ += items;
  items_failed_ += std::max(items, 1u);  // one without items, of ranks, is not for nothing
}

std::optional<Error> Tally::exceeded(std::uint64_t open) const { return above_thresholds(items_failed_ + open, failed_); }

std::optional<Error> Tally::above_thresholds(std::uint64_t items, std::uint64_t mini_batches) const {
  if (above(items, error_threshold_)) {
    return threshold(fmt::format("{} failed, error_threshold allows {}", plural(items, "item"), error_threshold_),
                     "error_threshold: -1 allows any number");
  }
  if (above(mini_batches, allowed_failed_count_)) {
    return threshold(fmt::format("{} failed for good, allowed_failed_count is {}", plural(mini_batches, "mini-batch"), allowed_failed_count_),
                     "allowed_failed_count: -1 allows any number");
  }
  return std::nullopt;
}

std::optional<Error> Tally::above_percent(std::uint64_t mini_batches) const {
  const auto percent = mini_batches_ == 0 ? 0.0 : 100.0 * static_cast<double>(mini_batches) / static_cast<double>(mini_batches_);
  if (allowed_failed_percent_ >= 100 || percent <= allowed_failed_percent_) return std::nullopt;
  return threshold(fmt::format("{} of {} mini-batches failed for good ({:.3g} %), allowed_failed_percent is {:g}", mini_batches, mini_batches_,
                               percent, allowed_failed_percent_),
                   "allowed_failed_percent: 100 allows any number");
}

std::optional<Error> Tally::verdict() const {
  if (auto error = exceeded()) return error;
  if (auto error = above_percent(failed_)) return error;
  if (rows_wanted_ && items_ > 0 && items_failed_ >= items_) {
    return Error{ErrorKind::step_failed, fmt::format("not one of {} succeeded, and append_row needs at least one", plural(items_, "item")),
                 "use output_action: summary_only if run() is not meant to return results"};
  }
  if (mini_batches_ > 0 && failed_ == mini_batches_)
    return Error{ErrorKind::step_failed, fmt::format("not one of {} succeeded", plural(mini_batches_, "mini-batch")), {}};
  return std::nullopt;
}

std::string Tally::as_azure() const {
  if (rescued_ == 0) return {};
  const auto items = items_failed_ + items_rescued_, mini_batches = failed_ + rescued_;
  auto error = above_thresholds(items, mini_batches);
  if (!error) error = above_percent(mini_batches);
  return fmt::format("Azure would count {} in {}: {}", plural(items, "failed item"), plural(mini_batches, "failed mini-batch"),
                     error ? "it would fail, as " + error->message : "it would succeed too");
}

}  // namespace mlpipe
