#include "batch/record/ledger.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/record/mini_batch_files.h"
#include "batch/record/rows_file.h"
#include "batch/record/script_files.h"
#include "scoring/rows/mini_batch_files.h"

namespace mlpipe {

Ledger::Ledger(const ParallelJob& job, Beginning beginning)
    : job_(job),
      plan_(std::move(beginning.plan)),
      journal_(std::move(beginning.journal)),
      tally_(std::move(beginning.tally)),
      failed_items_(job.state, journal_.finished()) {
  if (journal_.finished().empty()) failed_items_.forget_all();
}

std::uint32_t Ledger::items_of(const Assignment& assignment) const {
  return std::min(assignment.slice.count, plan_.items_of(assignment.mini_batch) - assignment.slice.first);
}

Answer Ledger::judge(const Assignment& assignment, const wire::MiniBatchResult& result) const {
  Answer answer;
  answer.items = items_of(assignment);
  const auto missing = answer.items - std::min(answer.items, result.returned);
  answer.failed = std::min(answer.items, std::max(missing, static_cast<std::uint32_t>(result.failed.size())));
  if (answer.failed == 0) return answer;
  if (result.failed.empty()) {
    FailedItem some;
    some.items = answer.failed;
    some.kind = FailedItem::Kind::returned_too_little;
    some.reason = fmt::format("run() returned {} for {}", plural(result.returned, "result"), plural(answer.items, "item"));
    answer.failed_items.push_back(std::move(some));
    return answer;
  }
  const auto names = plan_.item_names(assignment.mini_batch, assignment.slice);
  for (const auto& failed : result.failed) {
    if (failed.number >= names.size()) continue;
    FailedItem item;
    item.number = assignment.slice.first + failed.number;
    item.item = names[failed.number];
    item.kind = FailedItem::Kind::reported;
    item.reason = failed.reason;
    answer.failed_items.push_back(std::move(item));
  }
  return answer;
}

Status Ledger::scored(const Assignment& assignment, Answer answer, wire::MiniBatchResult result) {
  const std::uint64_t returned = rows_wanted() ? result.returned : 0;
  if (!rows_wanted()) result.rows.clear();
  const auto apart = taken_apart_.find(assignment.mini_batch);
  if (apart != taken_apart_.end()) {
    if (in_files(job_.config.scoring.format)) MLPIPE_TRY_VOID(mark_as_part(assignment.slice.first, answer.items, result.rows));
    apart->second.scored(assignment.slice, answer.items, answer.failed, returned, std::move(result.rows), std::move(answer.failed_items));
    return settle(assignment.mini_batch, assignment.attempt);
  }
  const FinishedBatch batch{assignment.mini_batch, assignment.attempt, returned, answer.items, answer.failed, false};
  MLPIPE_TRY_VOID(record(batch, result.rows, std::move(answer.failed_items)));
  return {};
}

Status Ledger::record(const FinishedBatch& batch, std::string_view rows, std::vector<FailedItem> failed) {
  failed_items_.keep(batch.mini_batch, std::move(failed));
  MLPIPE_TRY(const bool written, journal_.append(batch, rows));
  if (written) tally_.finished(batch.items, batch.failed_items, batch.rows, batch.taken_apart);
  return {};
}

bool Ledger::can_halve(const Assignment& assignment) const {
  return job_.config.isolate_failures && items_of(assignment) > 1 && plan_.divisible(assignment.mini_batch);
}

void Ledger::take_apart(const Assignment& assignment) {
  taken_apart_.try_emplace(assignment.mini_batch, plan_.items_of(assignment.mini_batch));
}

Status Ledger::gave_up(const Assignment& assignment, FailedItem why) {
  const auto apart = taken_apart_.find(assignment.mini_batch);
  if (apart == taken_apart_.end()) {
    failed_items_.add(assignment.mini_batch, each_item(assignment, std::move(why)));
    tally_.given_up(plan_.items_of(assignment.mini_batch));
    return {};
  }
  for (auto& item : each_item(assignment, std::move(why))) apart->second.lost(std::move(item));
  return settle(assignment.mini_batch, assignment.attempt);
}

// What all share stands with the first only. Items that belong together, or are too many for one reason, have one line.
std::vector<FailedItem> Ledger::each_item(const Assignment& assignment, FailedItem why) const {
  constexpr std::uint32_t too_many = 1000;
  const auto count = items_of(assignment);
  if (!plan_.divisible(assignment.mini_batch) || count > too_many) {
    why.items = count;
    why.item = join(plan_.names_of(assignment.mini_batch, assignment.slice, 5), ", ");
    return {std::move(why)};
  }
  std::vector<FailedItem> items;
  for (auto& name : plan_.item_names(assignment.mini_batch, assignment.slice)) {
    why.number = assignment.slice.first + static_cast<std::uint32_t>(items.size());
    why.item = std::move(name);
    items.push_back(why);
    why.traceback.clear();
    why.stderr_tail.clear();
  }
  return items;
}

// One in which every item failed is given up, as it would be without taking it apart.
Status Ledger::settle(std::uint64_t mini_batch, std::uint32_t attempt) {
  const auto apart = taken_apart_.find(mini_batch);
  if (!apart->second.settled()) return {};
  const auto items = plan_.items_of(mini_batch), failed = apart->second.failed();
  auto failed_items = apart->second.take_failed_items();
  const FinishedBatch batch{mini_batch, attempt, apart->second.returned(), items, failed, true};
  const auto rows = apart->second.rows();
  taken_apart_.erase(apart);
  if (failed < items || batch.rows > 0) {
    MLPIPE_TRY_VOID(record(batch, rows, std::move(failed_items)));
  } else {
    failed_items_.add(mini_batch, std::move(failed_items));
    tally_.given_up(items);
  }
  return {};
}

std::uint64_t Ledger::open_failures() const {
  std::uint64_t count = 0;
  for (const auto& [mini_batch, apart] : taken_apart_) count += apart.failed();
  return count;
}

void Ledger::list_open_failures() {
  for (auto& [mini_batch, apart] : taken_apart_)
    if (apart.failed() > 0) failed_items_.add(mini_batch, apart.take_failed_items());
}

Status Ledger::sync() {
  failed_items_.sync();
  MLPIPE_TRY_VOID(note_script_files(job_));
  return journal_.sync();
}

Status Ledger::write_rows(const std::string& header) const {
  MLPIPE_TRY_VOID(journal_.verify());
  if (in_files(job_.config.scoring.format))
    return write_mini_batch_files(journal_.rows_fd(), journal_.extents(), job_.output, job_.state / "ordered rows", FileOps::real());
  return write_rows_file(journal_.rows_fd(), journal_.extents(), job_.config.order, job_.output / job_.config.append_row_file_name,
                         job_.state / "ordered rows", FileOps::real(), header);
}

std::vector<std::pair<std::string, std::string>> report_failed_items(const Ledger& ledger, const Path& logs) {
  if (ledger.failed_items().empty()) return {};
  const Path list = logs / "failed_items.jsonl";
  const auto written = write_file(list, ledger.failed_items().to_jsonl());
  const Tally& tally = ledger.tally();
  std::vector<std::pair<std::string, std::string>> notices;
  notices.emplace_back(fmt::format("{} of {} failed", ledger.items_failed(), plural(tally.items(), "item")),
                       written ? "each with its reason in " + shown_path(list) : written.error().message);
  if (const auto azure = tally.as_azure(); !azure.empty()) notices.emplace_back(azure, "");
  return notices;
}

}  // namespace mlpipe
