#include "run/step_facts.h"

#include "run/requirements.h"

namespace mlpipe {
namespace {

constexpr std::size_t most_names = 5000, most_scripts = 200;
constexpr std::uintmax_t longest_script = 256 << 10;

bool is_closed(const Path& folder) {
  const std::string name = folder.filename();
  return name == ".git" || name == "node_modules" || name == "__pycache__" || name == ".mlpipe" || name == ".ipynb_checkpoints";
}

void read_script(Facts& facts, const Path& file, const std::string& name) {
  std::error_code failed;
  if (facts.sources.size() >= most_scripts || file.extension() != ".py" || std::filesystem::file_size(file, failed) > longest_script || failed) return;
  if (auto text = read_file(file)) facts.sources.push_back({name, text.take()});
}

// Depth first, by name.
void read_folder(Facts& facts, const Path& folder, const std::string& prefix) {
  const auto names = list_folder(folder);
  if (!names) return;
  if (!prefix.empty() && path_exists(folder / "pyvenv.cfg")) {
    facts.paths.push_back(prefix + "pyvenv.cfg");
    return;
  }
  for (const std::string& name : *names) {
    if (facts.paths.size() >= most_names) return;
    const Path path = folder / name;
    std::error_code failed;
    const bool below = std::filesystem::is_directory(std::filesystem::symlink_status(path, failed));
    facts.paths.push_back(prefix + name + (below ? "/" : ""));
    if (below && !is_closed(path)) read_folder(facts, path, prefix + name + "/");
    if (!below && is_file(path)) read_script(facts, path, prefix + name);
  }
}

}  // namespace

void read_source(Facts& facts, const Path& folder) {
  if (folder.empty()) return;
  for (const char* name : {".amlignore", ".gitignore"})
    if (auto text = read_file(folder / name)) {
      facts.ignore_file = text.take();
      break;
    }
  read_folder(facts, folder, "");
}

void read_declared_packages(Facts& facts) {
  if (!facts.step.environment) return;
  const Environment& environment = *facts.step.environment;
  if (environment.conda_file.empty() && environment.conda_text.empty() && environment.requirements.empty()) return;
  const auto wanted = read_requirements(environment);
  if (!wanted) return;
  facts.packages_declared = true;
  for (const Requirement& package : wanted->packages) facts.named.push_back(package.name);
}

}  // namespace mlpipe
