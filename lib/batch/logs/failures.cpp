#include "batch/logs/failures.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr std::size_t items_shown = 5;

void keep_first(std::optional<Failure>& kept, Failure failure) {
  if (kept) return;
  if (failure.items.size() > items_shown) failure.items.resize(items_shown);
  kept = std::move(failure);
}

}  // namespace

void Failures::add(Failure failure) { keep_first(first_, std::move(failure)); }

void Failures::suspect(Failure failure) { keep_first(suspect_, std::move(failure)); }

FailedItem Failure::failed_item() const {
  FailedItem item;
  item.kind = kind;
  item.reason = cause;
  item.traceback = traceback;
  item.signal = signal;
  item.peak_memory = peak_memory;
  return item;
}

std::string Failures::title(const Assignment& assignment, std::uint32_t items, int run_max_try) {
  if (!assignment.is_part()) return fmt::format("mini-batch {} failed (try {} of {})", assignment.mini_batch, assignment.attempt, run_max_try);
  const auto first = assignment.slice.first;
  if (items == 1) return fmt::format("mini-batch {}: item {} fails alone", assignment.mini_batch, first);
  return fmt::format("mini-batch {}: items {} to {} failed", assignment.mini_batch, first, first + items - 1);
}

std::string Failures::heading(WallTime when, const std::string& what) { return fmt::format("{} {}\n", format_utc(when), what); }

std::string Failures::list_items(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), items_shown); ++i) text += "  " + items[i] + "\n";
  if (items.size() > items_shown) text += fmt::format("  and {} more\n", items.size() - items_shown);
  return text;
}

Failure Failures::of_items(std::uint64_t mini_batch, const std::vector<FailedItem>& items) {
  Failure failure;
  failure.mini_batch = mini_batch;
  if (!items.empty()) failure.cause = items.front().reason;
  for (const auto& failed : items)
    if (failed.number) failure.items.push_back(failed.item);
  return failure;
}

std::string Failures::list_failed(const std::vector<FailedItem>& items) {
  std::string text;
  for (const auto& failed : items) text += (failed.number ? failed.item + ": " : std::string()) + failed.reason + "\n";
  return text;
}

}  // namespace mlpipe
