#include "batch/logs/failure_groups.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/workers/worker_logs.h"

namespace mlpipe {
namespace {

constexpr std::size_t most_groups = 50;
constexpr std::size_t longest_cause = 2000, longest_traceback = 16'000;

// The line that raised: the last `File "...", line N, in f`.
std::string_view innermost(std::string_view traceback) {
  const auto at = traceback.rfind("  File \"");
  if (at == std::string_view::npos) return {};
  return traceback.substr(at, traceback.find('\n', at) - at);
}

std::string without_numbers(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit) plain += c;
    else if (plain.empty() || plain.back() != '#') plain += '#';
  }
  return plain;
}

std::string key_of(const Failure& failure) {
  const auto line = innermost(failure.traceback);
  if (line.empty()) return without_numbers(failure.cause);
  return fmt::format("{} {}", std::string_view(failure.cause).substr(0, failure.cause.find(':')), line);
}

}  // namespace

void FailureGroups::add(int worker, TryEnd how, const Failure& failure) {
  const auto key = key_of(failure);
  auto found = groups_.find(key);
  if (found == groups_.end()) {
    if (groups_.size() >= most_groups) {
      ++others_;
      return;
    }
    Group group{failure.cause.substr(0, longest_cause), failure.traceback, how == TryEnd::exception, failure.mini_batch, 0, {}};
    if (group.traceback.size() > longest_traceback) group.traceback = "...\n" + group.traceback.substr(group.traceback.size() - longest_traceback);
    found = groups_.emplace(key, std::move(group)).first;
  }
  ++found->second.count;
  ++found->second.workers[worker];
}

std::string FailureGroups::describe(const Group& group) {
  std::vector<std::string> workers;
  for (const auto& [worker, count] : group.workers) workers.push_back(fmt::format("{} {}", worker_name(worker), count));
  auto text = fmt::format("{}: {}\n  in {}", plural(group.count, "time"), group.cause, join(workers, ", "));
  if (group.mini_batch) text += fmt::format("; first in mini-batch {}", *group.mini_batch);
  text += '\n';
  if (!group.traceback.empty()) text += group.traceback + (group.traceback.ends_with('\n') ? "" : "\n");
  return text;
}

std::string FailureGroups::text(bool only_exceptions) const {
  std::vector<const Group*> chosen;
  for (const auto& [key, group] : groups_)
    if (group.exception || !only_exceptions) chosen.push_back(&group);
  std::stable_sort(chosen.begin(), chosen.end(), [](const Group* a, const Group* b) { return a->count > b->count; });
  std::string text;
  for (const auto* group : chosen) text += (text.empty() ? "" : "\n") + describe(*group);
  if (others_ > 0) text += fmt::format("\n{} of other kinds are in user/error\n", plural(others_, "failure"));
  return text;
}

}  // namespace mlpipe
