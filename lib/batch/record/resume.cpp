#include "batch/record/resume.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/plan/make_plan.h"
#include "batch/record/script_files.h"

namespace mlpipe {
namespace {

// The plan is on disk before the first mini-batch, and written once: the journal names it by its digest.
Result<Digest> save_plan(const MiniBatchPlan& plan, const Path& file) {
  const auto digest = plan.digest();
  const auto text = plan.serialise();
  if (const auto saved = path_exists(file) ? read_file(file) : Result<std::string>(Error{}); saved && *saved == text) return digest;
  MLPIPE_TRY_VOID(write_file(file, text, Durability::synced));
  return digest;
}

Tally tally_of(const ParallelJob& job, const MiniBatchPlan& plan, const Journal& journal) {
  Tally tally(job.config, plan.mini_batches(), plan.items());
  for (const auto& batch : journal.finished()) tally.finished(batch.items, batch.failed_items, batch.rows, batch.taken_apart);
  return tally;
}

// Work that can only fail again, for its failed items were too many: those mini-batches are tried again, to mend them or to show why.
Result<std::string> retract_failed(const ParallelJob& job, const MiniBatchPlan& plan, Journal& journal) {
  const auto tally = tally_of(job, plan, journal);
  const bool complete = journal.finished().size() == plan.mini_batches();
  const auto error = complete ? tally.verdict() : tally.exceeded();
  if (!error) return std::string();
  std::vector<std::uint64_t> failed;
  for (const auto& batch : journal.finished())
    if (batch.failed_items > 0) failed.push_back(batch.mini_batch);
  MLPIPE_TRY_VOID(journal.retract(failed));
  return fmt::format("the earlier attempt failed: {}: {} with failed items {} scored again", error->message, plural(failed.size(), "mini-batch"),
                     failed.size() == 1 ? "is" : "are");
}

// Why records are of no use though they are whole: files that scripts wrote with them may be gone.
const char* files_gone(const ParallelJob& job, const Journal& journal) {
  if (journal.finished().empty()) return nullptr;
  if (was_handed_over(job)) return "the earlier attempt was stopped while its results were being published";
  if (journal.from_another_boot() && may_have_lost_files(job))
    return "the machine was started anew since the earlier attempt, and files that the script wrote itself may not have reached the disk";
  return nullptr;
}

Status check_fit(const ParallelJob& job, const MiniBatchPlan& plan, const Journal& journal) {
  const auto beyond = [&](const FinishedBatch& batch) { return batch.mini_batch >= plan.mini_batches(); };
  if (std::none_of(journal.finished().begin(), journal.finished().end(), beyond)) return {};
  return Error{ErrorKind::store, "the journal in " + shown_path(job.state) + " does not fit its plan", "run the step with --force-step"};
}

}  // namespace

Result<Beginning> begin_or_resume(const ParallelJob& job) {
  MLPIPE_TRY(auto plan, plan_of(job));
  for (const auto& folder : {job.state, job.scratch}) MLPIPE_TRY_VOID(make_dirs(folder));
  MLPIPE_TRY(const auto digest, save_plan(plan, job.state / "plan"));
  std::string notice;
  MLPIPE_TRY(auto journal, Journal::open(job.state, digest, FileOps::real(), notice));
  MLPIPE_TRY_VOID(check_fit(job, plan, journal));
  std::vector<std::string> notices;
  if (!notice.empty()) notices.push_back(std::move(notice));
  if (const char* why = files_gone(job, journal)) {
    notices.push_back(std::string(why) + ": all mini-batches are scored again");
    MLPIPE_TRY_VOID(journal.start_afresh(digest));
  }
  MLPIPE_TRY(auto retracted, retract_failed(job, plan, journal));
  if (!retracted.empty()) notices.push_back(std::move(retracted));
  // Of work that is thrown away, or was lost with its journal, nothing may stay.
  if (journal.finished().empty()) {
    MLPIPE_TRY_VOID(remove_script_files(job));
    forget_marks(job);
  }
  MLPIPE_TRY_VOID(journal.adopt_boot());
  auto tally = tally_of(job, plan, journal);
  return Beginning{std::move(plan), std::move(journal), std::move(tally), std::move(notices)};
}

}  // namespace mlpipe
