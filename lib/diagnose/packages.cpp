// Python packages that are there on one side only.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"

namespace mlpipe::diagnosis {
namespace {

// "pandas" of "No module named 'pandas.core'"; empty: that was not said.
std::string missing_module(const Facts& facts) {
  const std::string words = words_of(facts);
  if (!has(words, "ModuleNotFoundError: ")) return {};
  const std::string whole = between(words, "No module named '", "'").value_or("");
  return whole.substr(0, whole.find('.'));
}

// Where a module of the step's own lies that Python did not find.
std::string own_module(const Facts& facts, const std::string& module) {
  for (const std::string& path : facts.paths)
    if (path == module + ".py" || path.ends_with("/" + module + ".py") || path == module + "/" || path.ends_with("/" + module + "/")) return path;
  return {};
}

std::optional<Recognised> module_missing(const Facts& facts) {
  const std::string module = failed(facts) ? missing_module(facts) : "";
  if (module.empty()) return std::nullopt;
  if (const std::string own = own_module(facts, module); !own.empty())
    return Recognised{fmt::format("{} lies in its source directory as {}, where Python does not look for `{}`", module, own, module),
                      "environment_variables: {PYTHONPATH: FOLDER}, or import it by the name of its folder"};
  const bool named = std::ranges::find(facts.named, lower(module)) != facts.named.end();
  if (named)
    return Recognised{fmt::format("the environment's file asks for {}, but the Python that ran the step does not have it", module), "`mlpipe env create` makes the environment and uses it from then on"};
  if (facts.packages_declared)
    return Recognised{fmt::format("the Python that ran the step has no `{}`, and the environment's file does not ask for it: Azure would not have it either", module),
                      fmt::format("add the package that has `{}` to the file, then `mlpipe env create`", module)};
  return Recognised{fmt::format("the Python that ran the step has no `{}`", module), fmt::format("install it there, or name one that has it: environment: {{python: .venv}}")};
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
