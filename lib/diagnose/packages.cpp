// Python packages that are there on one side only.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"

namespace mlpipe::diagnosis {
namespace {

// Empty: that did not end it. "'os' is not a package" says all that there is to say.
std::string missing_module(const Facts& facts) {
  const std::string raised = last_exception(facts);
  if (!raised.starts_with("ModuleNotFoundError: ") || raised.ends_with("is not a package")) return {};
  return between(raised, "No module named '", "'").value_or("");
}

// Where a module of the step's own lies that Python did not find. A folder without __init__.py may as well hold data.
std::string own_module(const Facts& facts, const std::string& module) {
  for (const std::string& path : facts.paths)
    for (const std::string& file : {module + ".py", module + "/__init__.py"})
      if (path == file || path.ends_with("/" + file)) return path;
  return {};
}

// As names of packages are compared. That a module and its package often have different names is why no name proves nothing.
std::string as_package(std::string module) {
  std::ranges::replace(module, '_', '-');
  return lower(module);
}

std::optional<Recognised> module_missing(const Facts& facts) {
  const std::string module = missing_module(facts);
  if (module.empty()) return std::nullopt;
  if (const auto dot = module.rfind('.'); dot != module.npos)  // Python names what it did not find: what stands before the dot was there
    return Recognised{fmt::format("the Python that ran the step has `{}`, but not `{}`: of another version than the script was written for, or something else by that name", module.substr(0, dot), module),
                      fmt::format("`python -c \"import {0}; print({0}.__file__)\"` in `mlpipe debug {1} --shell` says which one it finds", module.substr(0, dot), facts.step.name)};
  if (const std::string own = own_module(facts, module); !own.empty())
    return Recognised{fmt::format("{} lies in its source directory as {}, where Python does not look for `{}`", module, own, module),
                      "environment_variables: {PYTHONPATH: FOLDER}, or import it by the name of its folder"};
  if (std::ranges::find(facts.named, as_package(module)) != facts.named.end())
    return Recognised{fmt::format("the environment's file asks for {}, but the Python that ran the step does not have it", module), "`mlpipe env create` makes the environment and uses it from then on"};
  const std::string cause = fmt::format("the Python that ran the step has no `{}`", module);
  if (facts.packages_declared)
    return Recognised{cause, fmt::format("`mlpipe env create` makes the environment that the file asks for; add the package that has `{}` to the file if that does not bring it", module)};
  return Recognised{cause, "install it there, or name one that has it: environment: {python: .venv}"};
}

std::optional<Recognised> not_named(const Facts& facts) {
  if (!before(facts) || !facts.packages_declared || facts.unnamed_imports.empty()) return std::nullopt;
  const Facts::Import& first = facts.unnamed_imports.front();
  std::vector<std::string> packages;
  for (const Facts::Import& import : facts.unnamed_imports)
    if (const std::string& name = import.package.empty() ? import.module : import.package; std::ranges::find(packages, name) == packages.end()) packages.push_back(name);
  return Recognised{fmt::format("{}:{} imports {}, which neither the environment's file names nor anything that it names needs: Azure would not have it", first.file, first.line, first.module),
                    fmt::format("add to the file: {}", join(packages, ", "))};
}

}  // namespace

Entries package_entries() {
  return {
      {"module-missing", "A module that the step's Python does not have",
       "Recognised by a ModuleNotFoundError. mlpipe says whether the environment's file asks for the package, and whether the module is one of the step's own that lies elsewhere.",
       "`ModuleNotFoundError`, on the cluster only.", "name the package in the conda file or requirements of the step's environment, and let `mlpipe env create` make it.", module_missing},
      {"package-not-named", "A package that the environment's file does not name",
       "It is installed here, so the step runs here; on a cluster only what the file names is there. Found before a run: `mlpipe diagnose` lets the step's Python list the imports of its scripts, without running "
       "them, and takes away the standard library, the step's own modules, imports below `try:`, and what the named packages bring along.",
       "`ModuleNotFoundError`, on the cluster only: \"it works on my machine\".", "add it to the conda file or requirements.", not_named},
  };
}

}  // namespace mlpipe::diagnosis
