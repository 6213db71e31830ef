// Virtual environments from the conda files and requirements that a pipeline names.
#include <fmt/format.h>
#include <unistd.h>

#include <map>

#include "base/text.h"
#include "cli/command.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "cli/table.h"
#include "report/json.h"
#include "run/mapping_file.h"
#include "run/requirements.h"
#include "spec/reading/mapping.h"
#include "system/blake3.h"
#include "system/host.h"
#include "system/process.h"

namespace mlpipe::cli {
namespace {

constexpr int oldest_minor = 6, newest_minor = 20;  // of Python 3, tried for a range

struct Arguments {
  std::optional<std::string> action;
  Place place;
  bool json = false;
};

// An environment that steps declare by files.
struct Declared {
  Environment environment;
  std::string name;  // in the mapping file: the file's path from there; of a conda file in place, the environment's name
  std::vector<std::string> steps;
  Path python;       // by the mapping; empty: none
};

Result<std::vector<Declared>> declared_by(const Pipeline& pipeline) {
  MLPIPE_TRY(const auto mapped, mapped_pythons(pipeline.directory / spec::mapping_name));
  std::map<std::string, Declared> found;
  for (const Step& step : pipeline.steps) {
    const std::string name = step.environment ? known_as(*step.environment, pipeline.directory) : "";
    if (name.empty()) continue;
    Declared& declared = found[name];
    declared.environment = *step.environment;
    declared.name = name;
    declared.steps.push_back(step.name);
    if (const auto python = mapped.find(name); python != mapped.end()) declared.python = absolute_path(pipeline.directory / python->second);
  }
  std::vector<Declared> all;
  for (auto& [name, declared] : found) all.push_back(std::move(declared));
  return all;
}

// What pip is to install, one a line.
std::string lines_of(const Requirements& wanted) {
  std::string text;
  for (const std::string& option : wanted.options) text += option + "\n";
  for (const Requirement& package : wanted.packages) text += package.written + "\n";
  return text;
}

// pyenv puts a script for every version on the PATH, which runs only where that version was chosen.
std::optional<Path> behind_pyenv(const Path& program, const std::string& version) {
  if (program.parent_path().filename() != "shims") return program;
  const Path versions = program.parent_path().parent_path() / "versions";
  const auto names = list_folder(versions);
  if (!names) return std::nullopt;
  for (const std::string& name : *names) {
    const Path real = versions / name / "bin" / ("python" + version);
    if (name.starts_with(version + ".") && is_file(real)) return real;
  }
  return std::nullopt;
}

std::optional<Path> python_on_path(const std::string& version) {
  const char* path = std::getenv("PATH");
  const auto program = find_program("python" + version, path ? path : "");
  return program ? behind_pyenv(*program, version) : std::nullopt;
}

// Of the version that is asked for; of a range, the newest.
std::optional<Path> python_asked_for(const Requirements& wanted) {
  if (!wanted.python.empty()) return python_on_path(wanted.python);
  for (int minor = newest_minor; minor >= oldest_minor; --minor) {
    const std::string version = fmt::format("3.{}", minor);
    if (const auto found = suits(wanted, version) ? python_on_path(version) : std::nullopt) return found;
  }
  return std::nullopt;
}

// The active interpreter where it will do; else one that will; else the active one, which is said.
Result<Path> base_python(const Requirements& wanted) {
  MLPIPE_TRY(const PythonEnvironment active, inspect_python({}));
  if (!active.interpreter.empty() && suits(wanted, active.version)) return active.interpreter;
  if (const auto other = python_asked_for(wanted)) return *other;
  if (active.interpreter.empty()) return Error{ErrorKind::step_failed, "there is no Python interpreter on PATH", "install python3"};
  tell(fmt::format("  Python {}{} is not there: {} of {} is taken", wanted.python, wanted.python_range, active.version, active.interpreter.string()));
  return active.interpreter;
}

Status call(const std::vector<std::string>& words, const std::string& hint) {
  ProcessSpec process;
  process.argv = words;
  process.environment = environment_with({});
  process.out = 2;
  MLPIPE_TRY(const ExitStatus status, run_in_foreground(process));
  if (status.ok()) return {};
  return Error{ErrorKind::step_failed, fmt::format("{} failed", join(words, " ")), hint};
}

Status fill(const Path& folder, const Requirements& wanted, const std::string& mark) {
  MLPIPE_TRY(const Path python, base_python(wanted));
  MLPIPE_TRY_VOID(remove_tree(folder));
  MLPIPE_TRY_VOID(make_dirs(folder.parent_path()));
  MLPIPE_TRY_VOID(call({python.string(), "-m", "venv", folder.string()}, "Debian has it in the package python3-venv"));
  MLPIPE_TRY_VOID(write_file(folder / "requirements.txt", lines_of(wanted)));
  if (!wanted.packages.empty() || !wanted.options.empty())
    MLPIPE_TRY_VOID(call({(folder / "bin/python").string(), "-m", "pip", "install", "--disable-pip-version-check", "-r", (folder / "requirements.txt").string()},
                         "pip's own words are above; change the file, or set the environment up by hand and name its python in mlpipe.local.yaml"));
  return write_file(folder / "mlpipe-environment", mark);
}

Status record(const Path& mapping, const Declared& declared, const Path& folder) {
  std::string text;
  if (path_exists(mapping)) {
    MLPIPE_TRY(text, read_file(mapping));
  }
  const std::string python = folder.lexically_relative(mapping.parent_path()).string();
  MLPIPE_TRY(const std::string changed, with_python(text, declared.name, python, shown_path(mapping)));
  return changed == text ? Status() : write_file(mapping, changed, Durability::content);
}

Status create_one(const Pipeline& pipeline, const Path& store, const Declared& declared) {
  MLPIPE_TRY(const Requirements wanted, read_requirements(declared.environment));
  const std::string mark = digest_of(wanted.python + wanted.python_range + "\n" + lines_of(wanted)).hex() + "\n";
  const Path folder = store / "environments" / digest_of(mark).hex().substr(0, 16);  // equal ones are one, and none is removed under those who use it
  tell(fmt::format("{} (of {})", declared.name, join(declared.steps, ", ")));
  const bool ours = declared.python.parent_path() == folder.parent_path();
  if (!declared.python.empty() && !ours)
    return tell(fmt::format("  is mapped to {} already: left as it is", shown_path(declared.python))), Status();
  if (!wanted.left_out.empty()) tell(fmt::format("  conda has these and pip does not, so they are left out: {}", join(wanted.left_out, ", ")));
  const auto known = read_file(folder / "mlpipe-environment");
  if (known && *known == mark) tell(fmt::format("  is there already: {}", shown_path(folder)));
  else {
    MLPIPE_TRY_VOID(fill(folder, wanted, mark));
    tell(fmt::format("  made: {}, with {}", shown_path(folder), plural(wanted.packages.size(), "package")));
  }
  return record(pipeline.directory / spec::mapping_name, declared, folder);
}

Result<int> create(const Pipeline& pipeline, const Path& store) {
  MLPIPE_TRY(const auto all, declared_by(pipeline));
  if (all.empty()) tell("no step names a conda file or requirements");
  std::optional<Error> first;
  for (const Declared& declared : all) {
    const Status made = create_one(pipeline, store, declared);
    if (made) continue;
    tell(fmt::format("  not made: {}", made.error().message));
    if (!made.error().hint.empty()) tell(fmt::format("  hint: {}", made.error().hint));
    if (!first) first = made.error();
  }
  if (!first) return 0;
  return exit_code(first->kind);
}

struct Standing {
  std::string python;
  std::vector<std::string> missing;
};

// What a step would get now.
Standing standing_of(const Declared& declared) {
  Environment environment = declared.environment;
  if (!declared.python.empty()) environment.python = declared.python.string();
  const auto python = inspect_python(environment);
  const auto wanted = read_requirements(declared.environment);
  if (!python) return {environment.python, {python.error().message}};
  if (!wanted) return {python->interpreter.string(), {wanted.error().message}};
  return {python->interpreter.string(), missing_from(*python, *wanted)};
}

Result<int> list(const Pipeline& pipeline, bool json) {
  MLPIPE_TRY(const auto all, declared_by(pipeline));
  std::vector<std::vector<std::string>> rows{{"ENVIRONMENT", "STEPS", "PYTHON", "LACKS"}};
  std::vector<EnvironmentListing> listed;
  for (const Declared& declared : all) {
    const Standing standing = standing_of(declared);
    listed.push_back({declared.name, declared.steps, standing.python, !declared.python.empty(), standing.missing});
    rows.push_back({declared.name, join(declared.steps, ", "), shown_path(standing.python) + (declared.python.empty() ? " (not set up)" : ""),
                    standing.missing.empty() ? "nothing" : join(standing.missing, ", ")});
  }
  if (all.empty() && !json) tell("no step names an environment: all use the Python on PATH");
  MLPIPE_TRY_VOID(print(json ? to_json(listed) + "\n" : all.empty() ? "" : table(rows)));
  return 0;
}

Result<int> env(const Arguments& arguments) {
  const std::string& action = *arguments.action;
  if (action != "create" && action != "list")
    return Error{ErrorKind::usage, fmt::format("`{}` is nothing that can be done with environments", action), suggestion(action, {"create", "list"})};
  if (arguments.json && action == "create") return Error{ErrorKind::usage, "--json is for list", ""};
  MLPIPE_TRY(const Path spec, arguments.place.spec());
  MLPIPE_TRY(const Pipeline pipeline, load_pipeline(spec, {}));
  MLPIPE_TRY(const Path store, arguments.place.store_root());
  if (action == "list") return list(pipeline, arguments.json);
  MLPIPE_TRY(const Store opened, arguments.place.open_store(Store::Access::write));  // so that its folder is there, and ignores itself
  return create(pipeline, absolute_path(store));
}

}  // namespace

Command env_command() {
  return {"env", "Python environments from the conda files and requirements that steps name", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.positional("ACTION", arguments->action, "create or list", true);
            arguments->place.declare_positional(options);
            arguments->place.declare(options);
            options.flag("--json", arguments->json, "the list as JSON on stdout");
            return [arguments] { return env(*arguments); };
          }};
}

}  // namespace mlpipe::cli
