#include "run/description.h"

#include <fmt/format.h>

#include "reuse/verify.h"
#include "run/ingredients_of.h"
#include "spec/mltable/mltable.h"
#include "system/host.h"

namespace mlpipe {
namespace {

std::string installed_list(const PythonEnvironment& python) {
  std::string text;
  for (const auto& [name, version] : python.installed) text += fmt::format("{} {}\n", name, version);
  return text;
}

std::map<std::string, std::string> parameter_values(const Pipeline& pipeline) {
  std::map<std::string, std::string> values;
  for (const Parameter& parameter : pipeline.parameters) values.emplace(parameter.name, parameter.value);
  return values;
}

}  // namespace

Describer::Describer(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Clock& clock)
    : pipeline_(&pipeline), store_(&store), request_(&request), index_(store.index_path(), clock), threads_(usable_cores()) {}

ScanOptions Describer::scan_options(const IgnoreRules* ignore, const std::string& pattern) {
  return {ignore, pattern, &index_, threads_, nullptr, request_->verify};
}

Result<Tree> Describer::look(const Path& root, const ScanOptions& options) {
  if (ahead_.empty()) return scan_tree(root, options);
  const auto seen = ahead_.extract({root, filter_digest(options)});
  return seen ? std::move(seen.mapped()) : scan_tree(root, options);
}

Result<std::shared_ptr<const Tree>> Describer::scan(const Path& root, const std::string& pattern) {
  MLPIPE_TRY(Tree tree, look(root, scan_options(nullptr, pattern)));
  return std::make_shared<const Tree>(std::move(tree));
}

void Describer::look_ahead(const std::vector<const Step*>& steps) {
  std::map<Path, IgnoreRules> rules;
  std::map<std::pair<Path, Digest>, ScanRequest> wanted;
  const auto want = [&](const Path& root, const ScanOptions& options) {
    wanted.emplace(std::pair(root, filter_digest(options)), ScanRequest{root, options});
  };
  for (const Step* step : steps) {
    if (const Path& source = step->source_directory; !source.empty() && !rules.count(source))
      if (auto ignore = IgnoreRules::of(source)) want(source, scan_options(&rules.emplace(source, ignore.take()).first->second));
    for (const StepInput& input : step->inputs)
      if (input.from == StepInput::From::pipeline_input) want(pipeline_->input(input.source)->path, scan_options(nullptr, pipeline_->input(input.source)->pattern));
  }
  std::vector<ScanRequest> requests;
  for (const auto& [key, request] : wanted) requests.push_back(request);
  auto trees = scan_trees(requests, threads_);
  auto tree = trees.begin();
  for (const auto& [key, request] : wanted) ahead_.emplace(key, std::move(*tree++));
}

Result<AvailableOutputs> Describer::outputs_of(const Step& step, const StepResult& result, const Store* other) {
  const Store& store = other ? *other : *store_;
  MLPIPE_TRY(std::vector<Tree> trees, verify(store, result, &index_, request_->verify));
  AvailableOutputs outputs;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const StoredOutput& stored = result.outputs[i];
    outputs.emplace(stored.name, AvailableOutput{store.output_path(stored), std::make_shared<const Tree>(std::move(trees[i]))});
  }
  for (const StepOutput& output : step.outputs)
    if (!outputs.count(output.name)) return Error{ErrorKind::store, fmt::format("output {} is not in its earlier result", output.name), ""};
  return outputs;
}

Result<AvailableOutputs> Describer::outputs_in(const Step& step, const Path& folder) {
  AvailableOutputs outputs;
  for (const StepOutput& output : step.outputs) {
    Path path = folder / output.name;
    if (!path_exists(path) && step.outputs.size() == 1) path = folder;
    if (output.type == DataType::file && is_folder(path)) path /= output.file;
    if (!path_exists(path))
      return Error{ErrorKind::usage, fmt::format("--use {}={}: it has no {}", step.name, folder.string(), path.string()),
                   fmt::format("a folder that stands in for {} holds a folder or file {} for each of its outputs", step.name, output.name)};
    MLPIPE_TRY(auto tree, scan(path));
    outputs.emplace(output.name, AvailableOutput{path, std::move(tree)});
  }
  return outputs;
}

Result<StepDescription::Input> Describer::input_of(const StepInput& input, const std::map<std::string, AvailableOutputs>& available) {
  StepDescription::Input whole;
  if (input.from == StepInput::From::step_output) {
    const auto step = available.find(input.step);
    if (step == available.end() || !step->second.count(input.source))
      return Error{ErrorKind::step_failed, fmt::format("its input {} is not there: {} made no {}", input.name, input.step, input.source), ""};
    const AvailableOutput& output = step->second.at(input.source);
    whole = {output.path, output.tree, output.path, "", output.tree};
  } else {
    const PipelineInput& source = *pipeline_->input(input.source);
    auto& known = pipeline_inputs_[input.source];
    if (!known) {
      MLPIPE_TRY(known, scan(source.path, source.pattern));
    }
    whole = {source.path, known, source.path, source.pattern, known};
  }
  if (input.below.empty()) return whole;
  MLPIPE_TRY(Tree part, subtree(*whole.tree, input.below));
  whole.path /= input.below;
  whole.tree = std::make_shared<const Tree>(std::move(part));
  return whole;
}

// What is not to be split is its folder, whatever the MLTable file says; but what that names belongs to it.
Status Describer::read_mltable_of(const Step& step, const StepInput& input, StepDescription::Input& data) {
  const bool split = step.parallel() && !input.side;
  auto table = spec::load_mltable(data.path, split ? spec::MLTablePart::all : spec::MLTablePart::places, pipeline_->places);
  if (!table && !split) return {};
  if (!table) return Error{table.error().kind, fmt::format("input {}: {}", input.name, table.error().message), table.error().hint};
  for (const MLTable::Place& place : table->places) {
    if (lies_within(*table, place)) continue;
    auto tree = scan(place.path, place.pattern);
    if (!tree && !split) continue;  // for the step to find out
    if (!tree)
      return Error{tree.error().kind, fmt::format("input {}: {}:{}:{}: {} is named: {}", input.name, place.where.file, place.where.line, place.where.column, place.written, tree.error().message),
                   tree.error().hint};
    data.beyond.push_back({place.written, place.path, place.pattern, tree.take()});
  }
  if (split) data.mltable = std::make_shared<const MLTable>(table.take());
  return {};
}

Result<std::shared_ptr<const PythonEnvironment>> Describer::python_of(const Step& step) {
  auto& known = pythons_[step.environment ? step.environment->python : ""];
  if (!known) {
    MLPIPE_TRY(PythonEnvironment python, inspect_python(step.environment));
    known = std::make_shared<const PythonEnvironment>(std::move(python));
  }
  return known;
}

Result<Tree> Describer::scan_code(const Step& step) {
  MLPIPE_TRY(const IgnoreRules ignore, IgnoreRules::of(step.source_directory));
  return look(step.source_directory, scan_options(&ignore));
}

Result<const StepInput*> Describer::changed_input(const Step& step, const StepDescription& description) {
  for (const StepInput& input : step.inputs) {
    if (input.from == StepInput::From::value) continue;
    const StepDescription::Input& described = description.data.at(&input);
    MLPIPE_TRY(const auto now, scan(described.root, described.pattern));
    bool same = now->digest == described.whole->digest;
    for (const DataBeyond& more : described.beyond) {
      const auto there = scan(more.path, more.pattern);
      same = same && there && (*there)->digest == more.tree->digest;
    }
    if (same) continue;
    if (input.from == StepInput::From::pipeline_input) pipeline_inputs_.erase(input.source);
    return &input;
  }
  return nullptr;
}

// Code, as the source directory is: the same files do not count.
Result<std::shared_ptr<const Tree>> Describer::scan_hash_path(const Path& path) {
  if (!is_folder(path)) return scan(path);
  MLPIPE_TRY(const IgnoreRules ignore, IgnoreRules::of(path));
  MLPIPE_TRY(Tree tree, look(path, scan_options(&ignore)));
  return std::make_shared<const Tree>(std::move(tree));
}

Result<std::optional<std::string>> Describer::changed_beside(const StepDescription& description) {
  for (const StepDescription::Beside& each : description.beside) {
    MLPIPE_TRY(const auto now, scan_hash_path(each.path));
    if (now->digest != each.digest) return std::optional(each.written);
  }
  return std::optional<std::string>();
}

Result<StepDescription> Describer::describe(const Step& step, const std::map<std::string, AvailableOutputs>& available) {
  StepDescription description;
  StepFacts facts;
  facts.parameters = description.bindings.parameters = parameter_values(*pipeline_);
  facts.sample = request_->sample;
  if (!step.source_directory.empty()) {
    MLPIPE_TRY(description.code, scan_code(step));
    facts.code = &*description.code;
    auto advice = advise_snapshot(*description.code);
    if (advice && advised_.insert(step.source_directory).second) description.advice.push_back(std::move(*advice));
  }
  for (const auto& [path, written] : step.hash_paths) {
    MLPIPE_TRY(auto tree, scan_hash_path(path));
    description.beside.push_back({path, fmt::format("hash path {}", written), tree->digest});
    facts.hash_paths.emplace_back(written, std::move(tree));
  }
  for (const StepInput& input : step.inputs) {
    auto& bound = input.side ? description.bindings.side_inputs : description.bindings.inputs;
    if (input.from == StepInput::From::value) {
      bound[input.name] = input.value;
      description.bindings.values.insert(input.name);
      continue;
    }
    MLPIPE_TRY(StepDescription::Input read, input_of(input, available));
    if (split_data(*pipeline_, input).type == DataType::mltable) MLPIPE_TRY_VOID(read_mltable_of(step, input, read));
    bound[input.name] = read.path.string();
    facts.data.emplace(&input, read.tree);
    if (!read.beyond.empty()) facts.beyond.emplace(&input, read.beyond);
    if (step.parallel() && !input.side) facts.splits.emplace(&input, split_data_at(*pipeline_, input, read.path, *read.tree, read.mltable.get()));
    else if (read.tree->is_file && !is_scored_by_model(step)) facts.file_names.emplace(&input, read.path.filename().string());
    description.data.emplace(&input, std::move(read));
  }
  if (step.environment) {
    for (const auto& [name, file] : environment_files(*step.environment)) {
      MLPIPE_TRY(auto tree, scan(file));
      description.beside.push_back({file, fmt::format("{} {}", name, file.filename().string()), tree->digest});
      facts.environment_files.emplace_back(name, std::move(tree));
    }
  }
  MLPIPE_TRY(description.python, python_of(step));
  facts.python = description.python.get();

  FingerprintSink fingerprint;
  walk_ingredients(step, facts, fingerprint);
  walk_ingredients(step, facts, description.manifest);
  description.fingerprint = fingerprint.finish();
  description.unfingerprinted = unfingerprinted_settings(step);
  if (depends_on_python(step) && !facts.python->installed.empty())
    description.unfingerprinted["installed packages"] = installed_list(*facts.python);
  return description;
}

}  // namespace mlpipe
