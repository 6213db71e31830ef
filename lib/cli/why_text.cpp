#include "cli/why_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/terminal_text.h"
#include "report/wording.h"

namespace mlpipe::cli {
namespace {

constexpr std::size_t changes_shown = 20;

std::string changes_text(const std::vector<Change>& changes) {
  std::string text;
  for (std::size_t i = 0; i < changes.size() && i < changes_shown; ++i) text += fmt::format("    {}\n", harmless(describe(changes[i])));
  if (changes.size() > changes_shown) text += fmt::format("    and {} more; --json lists all\n", changes.size() - changes_shown);
  return text;
}

// "ran", or what became of it otherwise.
std::string recorded_text(const StepWhy& why) {
  if (!why.recorded) return why.run.empty() ? "  has never run\n" : fmt::format("  run {}: not part of it\n", why.run);
  const StepRecord& record = *why.recorded;
  std::string text = fmt::format("  run {}: {}", why.run, name_of(record.state));
  if (!record.reused_from.empty()) text += " from run " + record.reused_from;
  if (!record.reason.empty()) text += ": " + harmless(record.reason);
  if (!why.reused_before.empty()) text += fmt::format("; run {} reused it, too", why.reused_before);
  text += "\n";
  if (!record.error.empty()) text += fmt::format("    {}\n", harmless(record.error));
  if (!why.changes.empty()) text += fmt::format("  changed since run {}:\n", why.against) + changes_text(why.changes);
  return text;
}

std::string now_text(const StepPlan& now) {
  std::string text = fmt::format("  now: {}{}\n", name_of(now.verdict), now.reason.empty() ? "" : ": " + harmless(now.reason));
  text += changes_text(now.changes);
  for (const std::string& warning : now.warnings) text += fmt::format("  warning: {}\n", harmless(warning));
  return text;
}

std::string chain_text(const std::string& effect, const std::vector<WhyLink>& chain) {
  std::string text = chain.empty() ? "" : effect;
  for (std::size_t i = 0; i < chain.size(); ++i) text += fmt::format("{} because {}", i == 0 ? "" : ",", harmless(chain[i].cause));
  return chain.empty() ? "" : text + "\n";
}

std::string verb(const StepWhy& why) {
  if (why.recorded->state == StepState::skipped) return "was skipped";
  if (why.recorded->state == StepState::stopped && why.recorded->took == Seconds::zero()) return "was stopped";
  return why.against.empty() ? "ran" : "reran";
}

std::string root_cause(const StepWhy& why) {
  const std::string now = chain_text(fmt::format("{} would run now", why.step), why.chain_now);
  return now + (why.recorded ? chain_text(fmt::format("{} {}", why.step, verb(why)), why.chain) : "");
}

}  // namespace

std::string why_text(const std::vector<StepWhy>& steps, bool one) {
  std::string text = one ? root_cause(steps.back()) : "";
  for (const StepWhy& why : steps) {
    if (!text.empty()) text += "\n";
    text += why.step + "\n";
    text += recorded_text(why);
    if (why.now) text += now_text(*why.now);
    if (!why.needs.empty()) text += fmt::format("  needs: {}\n", join(why.needs, ", "));
  }
  return text;
}

}  // namespace mlpipe::cli
