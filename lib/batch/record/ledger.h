// What has become of every item of a parallel step: rows and journal, counts and thresholds, failed items, and the mini-batches that
// are being taken apart. The only writer of all of them.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "batch/plan/assignment.h"
#include "batch/record/resume.h"
#include "batch/record/taken_apart.h"
#include "worker/protocol.h"

namespace mlpipe {

// What a worker answered, held against what it was asked.
struct Answer {
  std::uint32_t items = 0, failed = 0;
  std::vector<FailedItem> failed_items;  // a line for those that nobody can name
};

class Ledger {
 public:
  Ledger(const ParallelJob& job, Beginning beginning);

  const MiniBatchPlan& plan() const { return plan_; }
  const Journal& journal() const { return journal_; }
  const Tally& tally() const { return tally_; }
  const FailedItems& failed_items() const { return failed_items_; }

  std::uint32_t items_of(const Assignment& assignment) const;
  Answer judge(const Assignment& assignment, const wire::MiniBatchResult& result) const;

  // Error (kind store): it is not recorded, and nothing will be any more.
  Status scored(const Assignment& assignment, Answer answer, wire::MiniBatchResult result);
  // Whether what used up its tries can be halved: its items do not belong together, and isolate_failures is on.
  bool can_halve(const Assignment& assignment) const;
  void take_apart(const Assignment& assignment);
  // What used up its tries and cannot be halved. `why`: of each of its items.
  Status gave_up(const Assignment& assignment, FailedItem why);
  // Too much has failed already, also of mini-batches that are still being taken apart.
  std::optional<Error> exceeded() const { return tally_.exceeded(open_failures()); }
  std::uint64_t items_failed() const { return tally_.items_failed() + open_failures(); }
  // Nothing more will come: what failed of mini-batches that are still being taken apart is listed, too.
  void list_open_failures();

  // Makes what was recorded survive a power cut.
  Status sync();
  // The published file, with `header` before its first row; or, where the rows are files, those.
  Status write_rows(const std::string& header) const;

 private:
  std::uint64_t open_failures() const;
  Status settle(std::uint64_t mini_batch, std::uint32_t attempt);
  Status record(const FinishedBatch& batch, std::string_view rows, std::vector<FailedItem> failed);
  std::vector<FailedItem> each_item(const Assignment& assignment, FailedItem why) const;
  bool rows_wanted() const { return job_.config.output_action == OutputAction::append_row; }

  const ParallelJob& job_;
  MiniBatchPlan plan_;
  Journal journal_;
  Tally tally_;
  FailedItems failed_items_;
  std::unordered_map<std::uint64_t, TakenApart> taken_apart_;
};

// Writes failed_items.jsonl when there are any. What is to be said about them: messages with their hints.
std::vector<std::pair<std::string, std::string>> report_failed_items(const Ledger& ledger, const Path& logs);

}  // namespace mlpipe
