#include "batch/failures.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr std::size_t items_shown = 5;

}  // namespace

void Failures::add(Failure failure) {
  if (first_) return;
  if (failure.items.size() > items_shown) failure.items.resize(items_shown);
  first_ = std::move(failure);
}

std::string Failures::heading(WallTime when, const std::string& what) { return fmt::format("{} {}\n", format_utc(when), what); }

std::string Failures::list_items(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), items_shown); ++i) text += "  " + items[i] + "\n";
  if (items.size() > items_shown) text += fmt::format("  and {} more\n", items.size() - items_shown);
  return text;
}

std::string Failures::summary(const ParallelOutcome& outcome) {
  const auto& counts = outcome.counts;
  std::string text = fmt::format("{}\n{}, {} failed; {}, {} failed; {}\n", outcome.status ? "The job succeeded." : "The job failed.",
                                 plural(counts.mini_batches, "mini-batch"), counts.failed_mini_batches, plural(counts.items, "item"),
                                 counts.failed_items, plural(counts.rows, "row"));
  if (!outcome.status) text += "Reason: " + outcome.status.error().message + "\n";
  if (!outcome.cause.empty()) text += "First failure: " + outcome.cause + "\n";
  if (outcome.mini_batch) text += fmt::format("Mini-batch: {}\n", *outcome.mini_batch);
  text += list_items(outcome.items);
  if (!outcome.log.empty()) text += "Log: " + outcome.log.string() + "\n";
  return text;
}

}  // namespace mlpipe
