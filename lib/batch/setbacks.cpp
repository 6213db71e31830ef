#include "batch/setbacks.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace mlpipe {

void Setbacks::notice(const std::string& message, const std::string& hint) {
  logs_.noticed(message, hint);
  voice_.notice(message, hint);
}

void Setbacks::say(const std::string& what, const Path& log) {
  if (failures_.worth_a_notice()) return notice(what, "see " + shown_path(log));
  if (failures_.begins_to_be_silent()) notice("more failures are not shown here", "see " + shown_path(log.parent_path()));
}

void Setbacks::init_failed(int worker, Failure failure) {
  failure.log = voice_.log_failure(worker, failure.cause, failure.traceback);
  if (failure.traceback.empty()) failure.log = voice_.stderr_file(worker);
  logs_.init_failed(worker, failure);
  failure.last_words = voice_.last_words(worker);
  // What fails in one worker fails in all, again and again: it is said once, and each worker's logs have it.
  if (std::exchange(told_of_init_, failure.cause) != failure.cause) say(worker_name(worker) + ": " + failure.cause, failure.log);
  failures_.add(std::move(failure));
}

void Setbacks::items_failed(int worker, const Assignment& assignment, const Answer& answer) {
  auto failure = Failures::of_items(assignment.mini_batch, answer.failed_items);
  if (failure.items.empty()) failure.items = ledger_.plan().names_of(assignment.mini_batch, assignment.slice);
  const auto what = fmt::format("mini-batch {}: {} failed", assignment.mini_batch, plural(answer.failed, "item"));
  failure.log = voice_.log_failure(worker, what, Failures::list_failed(answer.failed_items));
  failures_.add(std::move(failure));
}

void Setbacks::surplus(std::uint32_t returned, std::uint32_t items) {
  if (std::exchange(noticed_surplus_, true)) return;
  notice(fmt::format("run() returned {} for {}: all are written, and the items count as succeeded", plural(returned, "result"),
                     plural(items, "item")));
}

Result<Setbacks::Next> Setbacks::try_failed(int worker, const Assignment& assignment, Failure failure) {
  failure.items = ledger_.plan().names_of(assignment.mini_batch, assignment.slice);
  const auto what = Failures::title(assignment, ledger_.items_of(assignment), job_.config.run_max_try) + ": " + failure.cause;
  failure.log = voice_.log_failure(worker, what, Failures::list_items(failure.items) + failure.traceback);
  logs_.try_failed(worker, assignment, failure);
  const bool halving = ledger_.can_halve(assignment);
  if (!(halving && assignment.is_part())) say(what, failure.log);
  if (dispatcher_.failed(assignment)) return Next::another_try;
  if (halving) return halve(assignment, std::move(failure)), Next::halves;
  MLPIPE_TRY_VOID(give_up(worker, assignment, std::move(failure)));
  return Next::settled;
}

void Setbacks::halve(const Assignment& assignment, Failure failure) {
  const auto items = ledger_.items_of(assignment);
  if (!assignment.is_part())
    notice(fmt::format("mini-batch {} is taken apart: its {} are tried in halves until the bad ones are alone", assignment.mini_batch,
                       plural(items, "item")));
  failures_.suspect(std::move(failure));
  ledger_.take_apart(assignment);
  dispatcher_.halve(assignment, items);
}

Status Setbacks::give_up(int worker, const Assignment& assignment, Failure failure) {
  auto why = failure.failed_item();
  why.reason = voice_.shown(why.reason);
  why.traceback = voice_.shown(why.traceback);
  why.stderr_tail = failure.last_words = voice_.last_words(worker);
  why.tries = assignment.is_part() ? static_cast<std::uint32_t>(job_.config.run_max_try) + 1 : assignment.attempt;
  failures_.add(std::move(failure));
  return ledger_.gave_up(assignment, std::move(why));
}

}  // namespace mlpipe
