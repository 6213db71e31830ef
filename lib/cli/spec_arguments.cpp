#include "cli/spec_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "cli/python_pipeline.h"
#include "cli/streams.h"
#include "report/console.h"
#include "report/github.h"
#include "system/files.h"

namespace mlpipe::cli {
namespace {

constexpr const char* default_names[] = {"pipeline.yaml", "pipeline.yml"};

std::optional<Path> default_spec(const Path& folder) {
  for (const char* name : default_names)
    if (is_file(folder / name)) return folder / name;
  return std::nullopt;
}

// A folder stands for the spec in it.
Path spec_named(const std::string& name) {
  if (!is_folder(name)) return name;
  return default_spec(name).value_or(Path(name) / default_names[0]);
}

std::string near_spec() {
  std::vector<std::string> specs;
  if (auto names = list_folder("."))
    for (const std::string& name : *names)
      if (name.ends_with(".yaml") || name.ends_with(".yml")) specs.push_back(name);
  if (specs.empty()) return "name one: mlpipe run SPEC, or -f SPEC";
  if (specs.size() > 5) specs.resize(5);
  return fmt::format("name one with -f: {}", join(specs, ", "));
}

}  // namespace

void Place::declare_positional(Options& options) {
  options.positional("SPEC", positional, "the pipeline's file, or the folder it is in (default: pipeline.yaml or pipeline.yml here)");
}

void Place::declare_file(Options& options) {
  options.value("-f,--file", file, "SPEC", "the pipeline's file (default: pipeline.yaml or pipeline.yml here)");
}

void Place::declare(Options& options) {
  declare_file(options);
  options.value("--store", store_option, "DIR", "where runs are kept (default: MLPIPE_STORE, else .mlpipe beside the spec)");
}

Result<Path> Place::spec(Changes* changes) const {
  if (positional && file)
    return Error{ErrorKind::usage, fmt::format("two specs: `{}` and -f `{}`", *positional, *file), "name one of them"};
  const auto& named = positional ? positional : file;
  if (const auto python = named ? python_pipeline(*named) : std::nullopt)
    return changes ? dump_python_pipeline(python->first, python->second, *changes) : dumped_place(python->first, python->second);
  if (named) return spec_named(*named);
  if (auto here = default_spec("")) return *here;
  return Error{ErrorKind::usage, "no pipeline.yaml here", near_spec()};
}

Result<Path> Place::source() const {
  const auto& named = positional ? positional : file;
  if (const auto python = named ? python_pipeline(*named) : std::nullopt) return python->first;
  return spec();
}

Result<std::optional<Path>> Place::spec_if_any() const {
  auto found = spec();
  if (found) return std::optional(absolute_path(*found));
  if (positional || file) return found.error();
  return std::optional<Path>();
}

Result<Path> Place::store_root() const {
  if (store_option) return absolute_path(*store_option);
  if (const char* variable = std::getenv("MLPIPE_STORE"); variable && *variable) return absolute_path(variable);
  auto found = spec();
  if (found) return absolute_path(*found).parent_path() / ".mlpipe";
  if (!positional && !file && is_folder(".mlpipe")) return absolute_path(".mlpipe");
  return found.error();
}

Result<Store> Place::open_store(Store::Access access) const {
  MLPIPE_TRY(const Path root, store_root());
  return Store::open(root, access);
}

void Changes::declare(Options& options) {
  options.list("-p,--parameter", parameters, "NAME=VALUE", "another value of a parameter");
  options.list("--set", sets, "STEP.KEY=VALUE", "another value of a step's key");
  options.list("--input", inputs, "NAME=PATH", "another place of a pipeline input");
  options.list("--use", uses, "STEP=DIR", "take a step's outputs from a folder instead of running it");
  options.value("--config", config, "FILE", "what stands here for names of Azure's, besides mlpipe.local.yaml beside the spec");
  options.flag("--allow-download", allow_download, "fetch inputs that are on the web");
}

void Changes::add(const std::string& recorded) {
  const auto blank = recorded.find(' ');
  const std::string option = recorded.substr(0, blank), value = blank == std::string::npos ? "" : recorded.substr(blank + 1);
  if (option == "-p") parameters.push_back(value);
  if (option == "--set") sets.push_back(value);
  if (option == "--input") inputs.push_back(value);
  if (option == "--use") uses.push_back(value);
  if (option == "--config") config = value;
  if (option == "--allow-download") allow_download = true;
}

spec::Overrides Changes::overrides() const {
  spec::Overrides overrides{parameters, sets, inputs, uses};
  overrides.config = config;
  overrides.allow_download = allow_download;
  return overrides;
}

Result<Pipeline> load_pipeline(const Path& file, const spec::Overrides& overrides) {
  spec::Loaded loaded = spec::load(file, overrides);
  tell_mistakes(loaded);
  if (loaded.pipeline) return std::move(*loaded.pipeline);
  tell(verdict(file, loaded));
  return Error{ErrorKind::spec, {}, {}};
}

void tell_mistakes(const spec::Loaded& loaded) {
  tell_lines(render_all(loaded, console_options(2).colour));
  if (const auto job = github_job()) tell_lines(annotations(*job, loaded.diagnostics.all()));
}

std::string verdict(const Path& file, const spec::Loaded& loaded) {
  const auto& all = loaded.diagnostics.all();
  const auto errors = std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
  const std::size_t warnings = all.size() - errors;
  std::string text = file.string() + ": ";
  if (errors > 0) text += plural(errors, "error");
  else if (loaded.pipeline) text += fmt::format("{}, no mistakes", plural(loaded.pipeline->steps.size(), "step"));
  if (warnings > 0) text += fmt::format(", {}", plural(warnings, "warning"));
  return text;
}

}  // namespace mlpipe::cli
