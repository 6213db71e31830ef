#include "cli/diff_facts.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "cli/kept_run.h"
#include "cli/why_facts.h"
#include "reuse/code_trees.h"
#include "reuse/scan.h"

namespace mlpipe::cli {
namespace {

constexpr std::uint64_t largest_text = 1 << 20;  // of a file that is compared line by line
constexpr std::uint64_t largest_metrics = 1 << 20;
constexpr std::string_view metrics_name = "metrics.json";

using Texts = std::map<std::string, std::string>;

std::vector<ValueDiff> compare(const Texts& before, const Texts& after) {
  std::set<std::string> names;
  for (const auto& [name, value] : before) names.insert(name);
  for (const auto& [name, value] : after) names.insert(name);
  const auto in = [](const Texts& texts, const std::string& name) {
    const auto found = texts.find(name);
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  };
  std::vector<ValueDiff> differences;
  for (const std::string& name : names)
    if (in(before, name) != in(after, name)) differences.push_back({name, in(before, name), in(after, name)});
  return differences;
}

// The diff of two versions of a file, or why there is none.
void add_diff(FileDiff& file, const std::optional<std::string>& before, const std::optional<std::string>& after) {
  const std::string old = before.value_or(""), now = after.value_or("");
  if (std::max(old.size(), now.size()) > largest_text) file.note = "too large";
  else if (is_binary(old) || is_binary(now)) file.note = "binary";
  else file.diff = diff_texts(old, now, before ? "a/" + file.path : "/dev/null", after ? "b/" + file.path : "/dev/null");
}

// Files of a kept spec by their path beside it.
Texts files_of(const KeptSpec& kept) {
  Texts files;
  for (const auto& [path, text] : kept.files) files.emplace(path.lexically_relative(kept.spec.parent_path()).string(), text);
  return files;
}

void compare_specs(const Store& store, RunDiff& diff) {
  const auto before = kept_spec(store, diff.before.header.id), after = kept_spec(store, diff.after.header.id);
  if (!before || !after) {
    diff.spec_note = before ? after.error().message : before.error().message;
    return;
  }
  for (const ValueDiff& file : compare(files_of(*before), files_of(*after))) {
    FileDiff one{.path = file.name, .what = !file.before ? "new" : !file.after ? "gone" : "changed"};
    if (file.before) one.before = file.before->size();
    if (file.after) one.after = file.after->size();
    add_diff(one, file.before, file.after);
    diff.spec.push_back(std::move(one));
  }
}

std::optional<std::uint64_t> size_in(const Tree& tree, const std::string& path) {
  const TreeEntry* entry = entry_at(tree, path);
  return entry ? std::optional(entry->size) : std::nullopt;
}

// A code tree of one of the runs; a file of it when it is there.
class Code {
 public:
  Code(const Store& store, const std::optional<Digest>& tree) : store_(store) {
    if (auto listed = tree ? code_trees::listing(store, *tree) : Result<Tree>(Error{})) tree_ = listed.take();
  }
  explicit operator bool() const { return tree_.has_value(); }

  std::optional<std::uint64_t> size(const std::string& path) const { return size_in(*tree_, path); }
  std::optional<std::string> text(const std::string& path) const {
    auto bytes = code_trees::read_file(store_, *tree_, path);
    return bytes ? std::optional(bytes.take()) : std::nullopt;
  }

 private:
  const Store& store_;
  std::optional<Tree> tree_;
};

std::string what_happened(const Change& change) {
  if (change.how == Change::How::renamed) return "renamed from " + change.before;
  if (change.how == Change::How::mode) return change.after == "executable" ? "became executable" : "is no longer executable";
  return change.before.empty() ? "new" : change.after.empty() ? "gone" : "changed";
}

FileDiff file_diff(const Change& change, const std::string& place, const Code& before, const Code& after) {
  FileDiff file{.path = (Path(place) / change.path).lexically_normal().string(), .what = what_happened(change)};
  if (!before || !after) {
    file.note = "not kept";
    return file;
  }
  file.before = before.size(change.how == Change::How::renamed ? change.before : change.path);
  file.after = after.size(change.path);
  if (change.how != Change::How::content || change.path.ends_with('/')) return file;
  const bool large = std::max(file.before.value_or(0), file.after.value_or(0)) > largest_text;
  if (large) {
    file.note = "too large";
    return file;
  }
  const auto old = file.before ? before.text(change.path) : std::nullopt, now = file.after ? after.text(change.path) : std::nullopt;
  if (old.has_value() != file.before.has_value() || now.has_value() != file.after.has_value()) file.note = "damaged";
  else add_diff(file, old, now);
  return file;
}

// The place of a step's code beside the spec, "train".
std::string place_of(const Store& store, const std::string& run, const std::string& step) {
  const auto kept = kept_spec(store, run);
  const auto place = kept ? kept->sources.find(step) : std::map<std::string, Path>::const_iterator();
  return kept && place != kept->sources.end() ? place->second.lexically_relative(kept->spec.parent_path()).string() : step;
}

using TreePair = std::pair<Digest, Digest>;

// Steps with the same code tell its changes once.
void compare_code(const Store& store, const RunInfo& after, StepDiff& step, std::map<TreePair, std::string>& told) {
  const auto is_code = [](const Change& change) { return change.kind == IngredientKind::code && change.key.empty(); };
  if (std::none_of(step.changes.begin(), step.changes.end(), is_code)) return;
  const auto old = code_of(store, *step.before->fingerprint), now = code_of(store, *step.after->fingerprint);
  if (!old || !now || !*old || !*now) return;
  const auto [first, is_new] = told.emplace(TreePair(**old, **now), step.step);
  if (!is_new) {
    step.code_as_of = first->second;
    return;
  }
  const Code before(store, *old), later(store, *now);
  const std::string place = place_of(store, after.header.id, step.step);
  for (const Change& change : step.changes)
    if (is_code(change) && !change.path.empty()) step.code.push_back(file_diff(change, place, before, later));
}

const StoredOutput* output_named(const std::optional<StepRecord>& record, const std::string& name) {
  if (record)
    for (const StoredOutput& output : record->outputs)
      if (output.name == name) return &output;
  return nullptr;
}

// From its listing, else from the disk, if that still holds what was recorded. An output that is not there is an empty folder.
std::optional<Tree> tree_of(const Store& store, const StoredOutput* output, DigestIndex& index) {
  if (!output) return Tree{};
  const auto text = store.get_text(output->tree);
  auto tree = text ? tree_from_text(*text) : scan_tree(store.output_path(*output), {nullptr, "", &index, 1});
  if (!tree || tree->digest != output->tree) return std::nullopt;
  return tree.take();
}

std::map<std::string, double> metrics_of(const Store& store, const StoredOutput* output, const std::string& path) {
  if (!output) return {};
  const Path file = store.output_path(*output) / path;
  std::error_code failed;
  const auto size = std::filesystem::file_size(path.empty() ? store.output_path(*output) : file, failed);
  const auto text = failed || size > largest_metrics ? Result<std::string>(Error{}) : read_file(path.empty() ? store.output_path(*output) : file);
  return text ? metrics_in(*text) : std::map<std::string, double>();
}

bool is_metrics(const OutputDiff& output, const std::string& path) {
  const StoredOutput& stored = output.after ? *output.after : *output.before;
  return Path(path.empty() ? stored.file : path).filename() == metrics_name;
}

// A value that is no number is as good as another one.
bool same(const std::optional<double>& before, const std::optional<double>& after) {
  return before == after || (before && after && std::isnan(*before) && std::isnan(*after));
}

void compare_metrics(const std::map<std::string, double>& before, const std::map<std::string, double>& after, const std::string& file, StepDiff& step) {
  std::set<std::string> names;
  for (const auto& [name, value] : before) names.insert(name);
  for (const auto& [name, value] : after) names.insert(name);
  const auto in = [](const auto& metrics, const std::string& name) {
    const auto found = metrics.find(name);
    return found == metrics.end() ? std::nullopt : std::optional(found->second);
  };
  for (const std::string& name : names)
    if (!same(in(before, name), in(after, name))) step.metrics.push_back({file, name, in(before, name), in(after, name)});
}

void compare_metrics_file(const Store& store, const OutputDiff& output, const std::string& path, StepDiff& step) {
  compare_metrics(metrics_of(store, output_named(step.before, output.name), path), metrics_of(store, output_named(step.after, output.name), path),
                  path.empty() ? output.name : output.name + "/" + path, step);
}

void compare_output(const Store& store, const std::string& name, StepDiff& step, DigestIndex& index) {
  const StoredOutput *before = output_named(step.before, name), *after = output_named(step.after, name);
  if (before && after && before->tree == after->tree) return;
  OutputDiff output{.name = name};
  if (before) output.before = *before;
  if (after) output.after = *after;
  const auto old = tree_of(store, before, index), now = tree_of(store, after, index);
  output.files_known = old && now;
  if (output.files_known)
    for (const TreeChange& change : compare(*old, *now)) {
      output.files.push_back({change.path, size_in(*old, change.path), size_in(*now, change.path)});
      if (is_metrics(output, change.path)) compare_metrics_file(store, output, change.path, step);
    }
  step.outputs.push_back(std::move(output));
}

bool has_result(const std::optional<StepRecord>& record) {
  return record && (record->state == StepState::ran || record->state == StepState::reused || record->state == StepState::used);
}

StepDiff compare_step(const Store& store, const std::string& name, const RunDiff& runs, std::map<TreePair, std::string>& told, DigestIndex& index) {
  StepDiff step{.step = name};
  if (const StepRecord* record = runs.before.step(name)) step.before = *record;
  if (const StepRecord* record = runs.after.step(name)) step.after = *record;
  const bool known = step.before && step.after && step.before->fingerprint && step.after->fingerprint;
  step.same_fingerprint = known && step.before->fingerprint == step.after->fingerprint;
  if (known) {
    step.changes = changes_between(store, *step.before->fingerprint, *step.after->fingerprint);
    compare_code(store, runs.after, step, told);
  }
  if (!has_result(step.before) || !has_result(step.after)) return step;
  compare_metrics(step.before->metrics, step.after->metrics, "tracked", step);
  std::set<std::string> outputs;
  for (const auto* record : {&step.before, &step.after})
    for (const StoredOutput& output : (*record)->outputs) outputs.insert(output.name);
  for (const std::string& output : outputs) compare_output(store, output, step, index);
  return step;
}

}  // namespace

RunDiff diff_runs(const Store& store, const RunInfo& before, const RunInfo& after) {
  RunDiff diff{.before = before, .after = after};
  compare_specs(store, diff);
  diff.parameters = compare(before.header.parameters, after.header.parameters);
  diff.inputs = compare(before.header.inputs, after.header.inputs);
  std::vector<std::string> names;
  for (const RunInfo* run : {&after, &before})
    for (const StepRecord& record : run->steps)
      if (std::find(names.begin(), names.end(), record.step) == names.end()) names.push_back(record.step);
  std::map<TreePair, std::string> told;
  DigestIndex index(store.index_path());
  for (const std::string& name : names) diff.steps.push_back(compare_step(store, name, diff, told, index));
  return diff;
}

}  // namespace mlpipe::cli
