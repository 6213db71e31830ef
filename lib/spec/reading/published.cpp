// Places that outputs are published to: each its own, and none where code or data would be overwritten.
#include <fmt/format.h>

#include <map>
#include <set>

#include "pipeline/job_name.h"
#include "spec/reading/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

struct Use {
  std::string what;  // "the source directory of step `train`"
  bool is_output = false;
  Location where;    // of an output's place
};

using Places = std::map<std::string, Use>;

// Links are resolved: what counts is which files would be overwritten.
std::string key_of(const Path& path) {
  std::error_code failed;
  const Path real = std::filesystem::weakly_canonical(path, failed);
  const std::string text = (failed ? path : real).lexically_normal().string();
  return text.size() > 1 && text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

// Calls `visit` with `path` and every folder above it.
template <class Visit>
void walk_up(const std::string& path, Visit visit) {
  for (Path at = path; !at.empty(); at = at.parent_path()) {
    visit(at.string());
    if (at == at.parent_path()) return;
  }
}

Places places_of_others(const Context& context) {
  Places places;
  places[key_of(context.pipeline.directory / ".mlpipe")] = {"the store of runs"};
  places[key_of(context.pipeline.directory / ".git")] = {"the repository of git"};
  places[key_of(context.pipeline.file)] = {"the pipeline file"};
  // Datastores of Azure's are there to be written to, also where another node reads.
  const bool datastores = context.pipeline.dialect == Dialect::v2;
  for (const PipelineInput& input : context.pipeline.inputs)
    if (!input.path.empty() && !datastores) places[key_of(input.path)] = {fmt::format("input `{}`", input.name)};
  for (const Step& step : context.pipeline.steps)
    for (const Step::HashPath& path : step.hash_paths) places[key_of(path.path)] = {fmt::format("a hash path of step `{}`", step.name)};
  for (const Step& step : context.pipeline.steps)
    if (!step.source_directory.empty())
      places[key_of(step.source_directory)] = {fmt::format("the source directory of step `{}`", step.name)};
  return places;
}

class Checker {
 public:
  explicit Checker(Context& context) : context_(context), others_(places_of_others(context)) {}

  void check() {
    for (const Step& step : context_.pipeline.steps)
      for (const StepOutput& output : step.outputs)
        if (!output.publish.empty()) add(step, output);
    refuse_covered(key_of(context_.pipeline.directory), {"the pipeline file"});
    for (const auto& [path, use] : others_) refuse_covered(path, use);
    for (const auto& [path, use] : published_) refuse_covered(path, use);
  }

 private:
  // Each step has its own "${{name}}".
  static std::string place_of(const Step& step, const StepOutput& output) { return key_of(with_job_name(output.publish.string(), step.name)); }

  // The folders of those datastores that every workspace has lie in the store.
  bool is_own_datastore(const std::string& path) const {
    return path.starts_with(key_of(context_.pipeline.directory / ".mlpipe" / "datastores") + "/");
  }

  void add(const Step& step, const StepOutput& output) {
    const std::string path = place_of(step, output);
    const Use use{fmt::format("output `{}` of step `{}`", output.name, step.name), true,
                  context_.published.at(step.name + "." + output.name)};
    const auto [first, is_new] = published_.emplace(path, use);
    if (!is_new)
      context_.error_at(use.where, fmt::format("{} and {} are published to the same place, `{}`", first->second.what, use.what,
                                               output.publish_written), "give each a place of its own");
    walk_up(path, [&](const std::string& above) {
      const auto found = others_.find(above);
      if (found == others_.end() || is_own_datastore(path)) return;
      context_.error_at(use.where, fmt::format("`{}` is {} {}: publishing would overwrite it", output.publish_written,
                                               above == path ? "also" : "inside", found->second.what),
                        "publish beside it");
    });
  }

  // A published place that has `path` below it; one reason for each is enough.
  void refuse_covered(const std::string& path, const Use& use) {
    walk_up(path, [&](const std::string& above) {
      const auto found = published_.find(above);
      const bool same = above == path;
      if (found == published_.end() || (same && use.what != "the pipeline file") || !refused_.insert(above).second) return;
      context_.error_at(found->second.where, fmt::format("{} is published to a place that contains {}", found->second.what, use.what),
                        "publish to a folder of its own");
    });
  }

  Context& context_;
  Places others_, published_;
  std::set<std::string> refused_;
};

}  // namespace

void check_published(Context& context) {
  if (!context.published.empty()) Checker(context).check();
}

}  // namespace mlpipe::spec
