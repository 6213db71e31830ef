#include "run/step_facts.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <set>

#include "diagnose/diagnose.h"
#include "diagnose/evidence.h"
#include "diagnose/python_source.h"
#include "diagnose/shell_command.h"
#include "reuse/ignore.h"
#include "run/requirements.h"
#include "system/below.h"

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

// "../model/w" of a path in a copy of the source directory, or that this name of it stands for; nothing: it lies elsewhere.
std::optional<Path> below_code(const Facts& facts, const std::string& sought, const Path& code) {
  const std::string shown = shown_path(facts.step.source_directory) + "/";
  if (sought.starts_with(shown)) return Path(sought.substr(shown.size()));  // as output is edited
  if (!sought.starts_with('/')) return std::nullopt;
  const Path below = Path(sought).lexically_normal().lexically_relative(code);
  const std::string text = below.string();
  return text.empty() || text.starts_with("../../..") ? std::nullopt : std::optional(below);
}

// Where a user who wrote this path may have meant it.
std::vector<Path> meant_by(const Facts& facts, const std::string& sought, const Path& code) {
  const Path& source = facts.step.source_directory;
  std::vector<Path> places;
  if (!source.empty())
    if (const auto below = below_code(facts, sought, code)) places.push_back(source / *below);
  if (sought.starts_with('/')) return places;
  if (!source.empty()) places.push_back(source / sought);
  places.push_back(facts.pipeline.file.parent_path() / sought);
  return places;
}

// Relative to the spec's folder, if below it.
std::string as_in_project(const Facts& facts, const Path& file) {
  return below(file, absolute_path(facts.pipeline.file).parent_path()).value_or(file).string();
}

}  // namespace

void look_at_disks(Facts& facts, const std::vector<Path>& folders) {
  for (const Path& folder : folders) {
    struct statvfs disk;
    if (::statvfs(folder.c_str(), &disk) != 0) continue;
    facts.disks.push_back({shown_path(folder), std::uint64_t{disk.f_bavail} * disk.f_frsize, std::uint64_t{disk.f_blocks} * disk.f_frsize, disk.f_favail, disk.f_files});
  }
}

void look_for_sought(Facts& facts, const Path& code) {
  const std::string line = diagnosis::last_exception(facts), reason = "FileNotFoundError: [Errno 2] No such file or directory: '";
  if (!line.starts_with(reason) || line.find("'", reason.size()) != line.size() - 1) return;  // of two paths it may be either
  Facts::Sought sought{line.substr(reason.size(), line.size() - 1 - reason.size()), {}, {}};
  if (sought.path.empty()) return;
  const Path folder = Path(sought.path).parent_path();
  if (folder.is_absolute() && !path_exists(folder)) sought.missing_folder = folder.string();
  const std::string source = absolute_path(facts.step.source_directory).string() + "/";
  for (const Path& place : meant_by(facts, sought.path, code)) {
    const Path file = absolute_path(place);
    const bool in_source = !facts.step.source_directory.empty() && file.string().starts_with(source);
    if (sought.in_project.empty() && !in_source && path_exists(file)) sought.in_project = as_in_project(facts, file);
  }
  facts.sought = std::move(sought);
}

std::vector<Finding> recognise_before_start(const Pipeline& pipeline, const Step& step, const Error& error) {
  Facts facts{pipeline, step};
  facts.moment = Facts::Moment::failed;
  facts.kind = error.kind;
  facts.error = error.message;
  return diagnose(facts);
}

bool has_traceback(const Facts& facts) { return diagnosis::has(facts.output, "Traceback (most recent call last):"); }

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
