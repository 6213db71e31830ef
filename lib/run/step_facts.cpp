#include "run/step_facts.h"

#include <algorithm>
#include <set>

#include "diagnose/python_source.h"
#include "diagnose/shell_command.h"
#include "reuse/ignore.h"
#include "run/requirements.h"

namespace mlpipe {
namespace {

constexpr std::size_t most_names = 5000, most_scripts = 100;
constexpr std::uintmax_t longest_script = 256 << 10;

// Depth first, by name.
class Lister {
 public:
  Lister(std::vector<std::string>& paths, IgnoreRules rules) : paths_(paths), rules_(std::move(rules)) {}

  void list(const Path& folder, const std::string& prefix) {
    const auto names = list_folder(folder);
    for (const std::string& name : names ? *names : std::vector<std::string>()) {
      if (paths_.size() >= most_names) return;
      std::error_code failed;
      const bool below = std::filesystem::is_directory(std::filesystem::symlink_status(folder / name, failed));
      add(folder / name, prefix + name, below);
    }
  }

 private:
  void add(const Path& place, const std::string& path, bool folder) {
    if (rules_.ignores_as_written(path, folder)) return;
    paths_.push_back(path + (folder ? "/" : ""));
    if (!folder) return;
    if (path_exists(place / "pyvenv.cfg")) add(place / "pyvenv.cfg", path + "/pyvenv.cfg", false);
    else if (!built_in_.ignores(path, true) && place.filename() != "node_modules") list(place, path + "/");
  }

  std::vector<std::string>& paths_;
  const IgnoreRules rules_, built_in_;
};

// Follows imports from the scripts that a step begins with.
class Reader {
 public:
  Reader(Facts& facts, const Path& folder) : facts_(facts), folder_(folder), there_(facts.paths.begin(), facts.paths.end()) {}

  void begin_with(std::string path) {
    while (path.starts_with("./")) path.erase(0, 2);
    if (!there_.contains(path)) return;
    const std::string around = path.substr(0, path.rfind('/') + 1);  // npos + 1: none
    const std::size_t first = facts_.sources.size();
    read(path);
    for (std::size_t next = first; next < facts_.sources.size(); ++next)
      for (const std::string& file : imported_files(facts_.sources[next].path, facts_.sources[next].code, around))
        if (there_.contains(file)) read(file);
  }

 private:
  void read(const std::string& path) {
    const Path file = folder_ / path;
    std::error_code failed;
    if (facts_.sources.size() >= most_scripts || !path.ends_with(".py") || !is_file(file)) return;
    if (std::filesystem::file_size(file, failed) > longest_script || failed || !seen_.insert(path).second) return;
    auto text = read_file(file);
    if (!text) return;
    std::string code = python_code(*text);
    facts_.sources.push_back({path, text.take(), std::move(code)});
  }

  Facts& facts_;
  const Path& folder_;
  const std::set<std::string> there_;
  std::set<std::string> seen_;
};

// "train.py" of "python train.py", "pkg/main.py" of "python -m pkg.main". A command that begins with something else may run any script.
void read_command(Reader& reader, const std::string& text) {
  const auto words = command_words_in(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].ends_with(".py")) reader.begin_with(words[i]);
    if (i == 0 || words[i - 1] != "-m") continue;
    std::string module = words[i];
    std::ranges::replace(module, '.', '/');
    reader.begin_with(module + ".py");
    reader.begin_with(module + "/__main__.py");
  }
}

void read_scripts(Facts& facts, const Path& folder) {
  Reader reader(facts, folder);
  if (const auto* script = std::get_if<Script>(&facts.step.action)) reader.begin_with(script->name.value);
  if (const Parallel* parallel = facts.step.parallel()) reader.begin_with(parallel->config.entry_script.value);
  if (const auto* command = std::get_if<Command>(&facts.step.action)) read_command(reader, command->text.written);
}

}  // namespace

void read_source(Facts& facts, const Path& folder) {
  if (folder.empty()) return;
  auto rules = IgnoreRules::of(folder);
  Lister(facts.paths, rules ? rules.take() : IgnoreRules()).list(folder, "");
  read_scripts(facts, folder);
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
