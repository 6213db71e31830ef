#include "cli/mini_batch_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/printed_run.h"
#include "cli/spec_arguments.h"
#include "run/again.h"
#include "run/mini_batch_logs.h"
#include "run/recorded_plan.h"
#include "spec/spec.h"

namespace mlpipe::cli {
namespace {

constexpr std::size_t most_runs = 20;  // that are looked into

// What a run was told beside its spec, told again.
spec::Overrides overrides_of(const RunHeader& header) {
  Changes changes;
  for (const std::string& written : header.overrides) changes.add(written);
  return changes.overrides();
}

RunRequest request_of(const RunHeader& header) {
  RunRequest request;
  for (const std::string& words : header.selection) {
    constexpr std::string_view sample = "--sample ", use = "--use ";
    if (words.starts_with(sample)) {
      const auto count = parse_integer(words.substr(sample.size()));
      if (count && *count > 0) request.sample = static_cast<std::uint64_t>(*count);
    } else if (const auto equals = words.find('='); words.starts_with(use) && equals != std::string::npos) {
      request.use[words.substr(use.size(), equals - use.size())] = words.substr(equals + 1);
    }
  }
  return request;
}

struct Facts {
  std::optional<MiniBatchPlan> plan;
  std::string no_plan;  // why there is none
  std::string replay;
};

Facts facts_of(const Store& store, const RunInfo& run, const StepRecord& record, std::uint64_t mini_batch) {
  Facts facts{{}, "its spec cannot be read any more", fmt::format("mlpipe replay {} --mini-batch {}", record.step, mini_batch)};
  if (record.fingerprint) facts.plan = saved_plan(store, *record.fingerprint);
  const spec::Loaded loaded = spec::load(run.header.spec, overrides_of(run.header));
  const Step* const step = loaded.pipeline ? loaded.pipeline->step(record.step) : nullptr;
  if (!step || !step->parallel()) return facts;
  const RunRequest request = request_of(run.header);
  facts.replay = replay_command(*loaded.pipeline, store, request, *step, mini_batch);
  if (facts.plan || !record.fingerprint) return facts;
  if (auto plan = plan_anew(*loaded.pipeline, store, request, *step, *record.fingerprint)) facts.plan = plan.take();
  else facts.no_plan = plan.error().message;
  return facts;
}

std::string text_of(const MiniBatchTry& made) {
  std::string text;
  for (const auto& [column, value] : made.fields)
    if (column != "Mini-batch Id") text += fmt::format("  {}: {}\n", column, value);
  return text;
}

std::string under(const std::pair<std::string, std::string>& file) { return fmt::format("\n==> {} <==\n{}", file.first, file.second); }

// Work that is kept was done by another run.
std::string not_here(const Store& store, const RunInfo& run, const std::string& step, std::uint64_t mini_batch) {
  const auto runs = read_runs(store, std::nullopt, most_runs);
  for (const RunInfo& other : runs ? *runs : std::vector<RunInfo>())
    if (other.header.id < run.header.id && !mini_batch_logs(logs_folder(store, other.header.id, step), mini_batch).says_nothing())
      return fmt::format("run {} worked on it: mlpipe logs {} --mini-batch {} --run {}\n", other.header.id, shell_quote(step), mini_batch, other.header.id);
  return "the logs say nothing about it\n";
}

}  // namespace

Result<std::string> mini_batch_text(const Store& store, const RunInfo& run, const StepRecord& record, const Path& logs,
                                    std::uint64_t mini_batch) {
  const Facts facts = facts_of(store, run, record, mini_batch);
  if (facts.plan && mini_batch >= facts.plan->mini_batches())
    return Error{ErrorKind::usage, fmt::format("{} has {}", record.step, plural(facts.plan->mini_batches(), "mini-batch")),
                 "they count from 0"};
  const MiniBatchLogs found = mini_batch_logs(logs, mini_batch);
  std::string text = fmt::format("mini-batch {} of run {}", mini_batch, run.header.id);
  if (facts.plan) {
    text += fmt::format(": {}\n", plural(facts.plan->items_of(mini_batch), "item"));
    for (const std::string& item : facts.plan->names_of(mini_batch)) text += fmt::format("  {}\n", item);
  } else {
    text += fmt::format(" (its items are not known: {})\n", facts.no_plan);
  }
  for (const MiniBatchTry& made : found.tries) text += "\n" + text_of(made);
  for (const auto& file : found.failures) text += under(file);
  for (const auto& file : found.printed) text += under(file);
  if (found.says_nothing()) text += "\n" + not_here(store, run, record.step, mini_batch);
  return text + "\nreplay: " + facts.replay + "\n";
}

}  // namespace mlpipe::cli
