#include "cli/why_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "cli/chosen_run.h"
#include "pipeline/graph.h"
#include "reuse/ingredients.h"

namespace mlpipe::cli {
namespace {

// Enough to find the decision before this one, also after many failures.
constexpr std::size_t runs_to_look_back = 50;

std::string step_of_output(const std::string& output) { return output.substr(0, output.find('.')); }

// What a chain of causes needs to know of a step.
struct Facts {
  const std::vector<Change>* changes;
  std::string reason;                        // where nothing changed
  std::map<std::string, std::string> reads;  // as StepRecord::reads
};
using FactsOf = std::function<std::optional<Facts>(const std::string& step)>;

bool is_data(const Change& change) { return change.kind == IngredientKind::input || change.kind == IngredientKind::side_input; }

std::string cause_of(const Facts& facts) {
  if (facts.changes->empty()) {
    if (facts.reason == "forced") return "it was forced";
    return facts.reason == "no earlier result" ? "there was no earlier result" : facts.reason;
  }
  const std::string first = describe(facts.changes->front());
  return facts.changes->size() == 1 ? first : fmt::format("{}, and {} more", first, facts.changes->size() - 1);
}

// From effect to cause: what a step has from another leads to that one. What is its own comes before its data.
std::vector<WhyLink> chain_of(std::string step, const FactsOf& facts_of) {
  std::vector<WhyLink> chain;
  for (std::set<std::string> seen; seen.insert(step).second;) {
    const auto facts = facts_of(step);
    if (!facts || (facts->changes->empty() && facts->reason.empty())) break;
    const bool data = !facts->changes->empty() && is_data(facts->changes->front());
    const auto source = data ? facts->reads.find(facts->changes->front().key) : facts->reads.end();
    if (source == facts->reads.end()) {
      chain.push_back({step, cause_of(*facts)});
      break;
    }
    const std::string made_by = step_of_output(source->second);
    chain.push_back({step, fmt::format("{}'s output {} changed", made_by, source->second.substr(made_by.size() + 1))});
    step = made_by;
  }
  return chain;
}

bool is_work(const StepPlan& plan) { return plan.verdict == StepPlan::Verdict::run || plan.verdict == StepPlan::Verdict::depends; }

bool did_run(const StepRecord& record) { return record.state != StepState::reused && record.state != StepState::used; }

bool is_cause(const StepWhy& why) { return (why.recorded && did_run(*why.recorded)) || (why.now && is_work(*why.now)); }

// A step that only passes on what happened above it.
bool looks_upstream(const StepWhy& why) {
  const bool depends = why.now && why.now->verdict == StepPlan::Verdict::depends;
  const bool skipped = why.recorded && why.recorded->state == StepState::skipped;
  const bool inputs = std::any_of(why.changes.begin(), why.changes.end(), is_data) ||
                      (why.now && std::any_of(why.now->changes.begin(), why.now->changes.end(), is_data));
  return depends || skipped || inputs;
}

// The answers for all steps, each worked out once and only when asked for.
class Answers {
 public:
  Answers(const Store& store, RecordedRuns& recorded, const Outlook* now) : store_(store), recorded_(recorded) {
    if (now) read_outlook(*now);
    if (!recorded.run) return;
    for (const StepRecord& record : recorded.run->steps)
      if (std::find(order_.begin(), order_.end(), record.step) == order_.end()) order_.push_back(record.step);
  }

  const std::vector<std::string>& order() const { return order_; }

  const StepWhy& of(const std::string& step) {
    const auto [known, is_new] = answers_.try_emplace(step);
    StepWhy& why = known->second;
    if (!is_new) return why;
    why.step = step;
    if (const auto needs = needs_.find(step); needs != needs_.end()) why.needs = needs->second;
    if (const auto plan = plans_.find(step); plan != plans_.end()) why.now = plan->second;
    add_recorded(why);
    return why;
  }

  StepWhy with_chains(const std::string& step) {
    StepWhy why = of(step);
    if (why.recorded && did_run(*why.recorded)) why.chain = chain_of(step, [this](const std::string& s) { return facts_then(s); });
    if (why.now && is_work(*why.now)) why.chain_now = chain_of(step, [this](const std::string& s) { return facts_now(s); });
    return why;
  }

  std::set<std::string> upstream(const std::string& step) {
    std::set<std::string> found;
    std::vector<std::string> next{step};
    while (!next.empty()) {
      const std::string at = std::move(next.back());
      next.pop_back();
      for (const std::string& need : of(at).needs)
        if (found.insert(need).second) next.push_back(need);
    }
    return found;
  }

 private:
  void read_outlook(const Outlook& now) {
    const StepGraph graph(now.pipeline);
    for (const std::size_t i : graph.order().value_or(std::vector<std::size_t>())) {
      const Step& step = now.pipeline.steps[i];
      order_.push_back(step.name);
      for (const std::size_t need : graph.needs(i)) needs_[step.name].push_back(now.pipeline.steps[need].name);
      for (const StepInput& input : step.inputs)
        if (input.from == StepInput::From::step_output) reads_[step.name][input.name] = fmt::format("{}.{}", input.step, input.source);
    }
    for (const StepPlan& plan : now.plans) plans_.emplace(plan.step, plan);
  }

  void add_recorded(StepWhy& why) {
    if (!recorded_.run) return;
    why.run = recorded_.run->header.id;
    const StepRecord* record = recorded_.run->step(why.step);
    if (!record) return;
    why.recorded = *record;
    if (!plans_.contains(why.step)) {
      std::set<std::string> needs;
      for (const auto& [input, output] : record->reads) needs.insert(step_of_output(output));
      why.needs.assign(needs.begin(), needs.end());
    }
    if (!record->fingerprint) return;
    const std::size_t before = decision_before(why);
    if (record->state == StepState::reused) why.reused_before = reuse_before(*record, before);
  }

  // The number of the run that has it, or of the first that there is not.
  std::size_t decision_before(StepWhy& why) {
    std::size_t number = 0;
    for (const RunInfo* before; (before = recorded_.before.at(number)); ++number) {
      const StepRecord* old = before->step(why.step);
      if (!old || !old->fingerprint) continue;
      why.against = before->header.id;
      why.changes = changes_between(store_, *old->fingerprint, *why.recorded->fingerprint);
      break;
    }
    return number;
  }

  std::string reuse_before(const StepRecord& record, std::size_t number) {
    for (const RunInfo* before; (before = recorded_.before.at(number)); ++number) {
      if (before->header.id == record.reused_from) break;
      const StepRecord* old = before->step(record.step);
      if (old && old->state == StepState::reused && old->fingerprint == record.fingerprint) return before->header.id;
    }
    return {};
  }

  std::optional<Facts> facts_then(const std::string& step) {
    const StepWhy& why = of(step);
    if (!why.recorded) return std::nullopt;
    const bool says_why = did_run(*why.recorded) || why.recorded->state == StepState::used;
    return Facts{&why.changes, says_why ? why.recorded->reason : "", why.recorded->reads};
  }

  std::optional<Facts> facts_now(const std::string& step) {
    const StepWhy& why = of(step);
    if (!why.now) return std::nullopt;
    if (why.now->verdict == StepPlan::Verdict::reuse) return Facts{&changes_to(why), "", reads_[step]};
    if (why.now->verdict == StepPlan::Verdict::depends) return Facts{&waiting_for(why), "", reads_[step]};
    return Facts{&why.now->changes, why.now->reason, reads_[step]};
  }

  // Of a step that would take an older result than the last one.
  const std::vector<Change>& changes_to(const StepWhy& why) {
    std::vector<Change>& changes = made_up_[why.step];
    if (why.recorded && why.recorded->fingerprint && why.now->fingerprint)
      changes = changes_between(store_, *why.recorded->fingerprint, *why.now->fingerprint);
    return changes;
  }

  // It will read what another step has yet to make: as if that had changed already.
  const std::vector<Change>& waiting_for(const StepWhy& why) {
    std::vector<Change>& changes = made_up_[why.step];
    for (const auto& [input, output] : reads_[why.step])
      if (changes.empty() && step_of_output(output) == why.now->waits_for) changes.push_back({IngredientKind::input, input, "", "?", "?"});
    return changes;
  }

  const Store& store_;
  RecordedRuns& recorded_;
  std::vector<std::string> order_;
  std::map<std::string, std::vector<std::string>> needs_;
  std::map<std::string, std::map<std::string, std::string>> reads_;
  std::map<std::string, StepPlan> plans_;
  std::map<std::string, StepWhy> answers_;
  std::map<std::string, std::vector<Change>> made_up_;
};

}  // namespace

History History::of(RunInfo against) {
  History history;
  history.read_.push_back(std::move(against));
  return history;
}

Result<History> History::before(const Store& store, const RunInfo& run) {
  History history;
  history.store_ = &store;
  history.spec_ = run.header.spec;
  MLPIPE_TRY(history.ids_, list_runs(store));
  std::erase_if(history.ids_, [&](const std::string& id) { return id >= run.header.id; });
  std::reverse(history.ids_.begin(), history.ids_.end());  // taken from the end
  return history;
}

const RunInfo* History::at(std::size_t number) {
  while (read_.size() <= number && !ids_.empty() && read_.size() < runs_to_look_back) {
    auto run = read_run(*store_, ids_.back());
    ids_.pop_back();
    if (run && run->header.spec == spec_) read_.push_back(run.take());
  }
  return number < read_.size() ? &read_[number] : nullptr;
}

Result<RecordedRuns> recorded_runs(const Store& store, const std::optional<Path>& spec, const std::optional<std::string>& run,
                                   const std::optional<std::string>& against) {
  RecordedRuns recorded;
  auto chosen = choose_run(store, spec, run);
  if (!chosen && (run || against)) return chosen.error();
  if (!chosen) return recorded;
  recorded.run = chosen.take();
  if (against) {
    MLPIPE_TRY(RunInfo other, choose_run(store, spec, against));
    recorded.before = History::of(std::move(other));
    return recorded;
  }
  MLPIPE_TRY(recorded.before, History::before(store, *recorded.run));
  return recorded;
}

std::vector<Change> changes_between(const Store& store, const Digest& before, const Digest& after) {
  if (before == after) return {};
  const auto old_manifest = read_manifest(store, before);
  const auto new_manifest = read_manifest(store, after);
  if (!old_manifest || !new_manifest) return {};
  const auto listing = [&](const Digest& tree) { return store.get_text(tree); };
  return explain(*old_manifest, *new_manifest, listing, listing);
}

std::vector<StepWhy> explain_steps(const Store& store, RecordedRuns& recorded, const Outlook* now, const std::optional<std::string>& only) {
  Answers answers(store, recorded, now);
  std::vector<StepWhy> chosen;
  std::set<std::string> upstream;
  if (only && looks_upstream(answers.of(*only))) upstream = answers.upstream(*only);
  for (const std::string& step : answers.order())
    if (!only || (upstream.contains(step) && step != *only && is_cause(answers.of(step)))) chosen.push_back(answers.with_chains(step));
  if (only) chosen.push_back(answers.with_chains(*only));
  return chosen;
}

}  // namespace mlpipe::cli
