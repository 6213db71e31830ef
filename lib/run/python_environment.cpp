#include "run/python_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>

#include "base/text.h"
#include "system/host.h"

namespace mlpipe {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// "key = value" of a pyvenv.cfg.
std::string setting(const Path& file, std::string_view key) {
  const auto text = read_file(file);
  if (!text) return {};
  for (const std::string_view line : split(*text, '\n')) {
    const auto equals = line.find('=');
    if (equals != std::string_view::npos && trim(line.substr(0, equals)) == key) return std::string(trim(line.substr(equals + 1)));
  }
  return {};
}

// "3.11" of "3.11.7", of "python3.11", of "3.12.0.final.0".
std::string minor_version(std::string_view text) {
  const auto start = text.find_first_of("0123456789");
  if (start == std::string_view::npos) return {};
  const auto parts = split(text.substr(start), '.');
  if (parts.size() < 2 || !parse_integer(parts[0])) return {};
  const std::string_view minor = parts[1].substr(0, parts[1].find_first_not_of("0123456789"));
  return minor.empty() ? "" : fmt::format("{}.{}", parts[0], minor);
}

// pyenv puts shell scripts on the PATH that choose an interpreter when called; its choice can be read from files.
Path behind_pyenv_shim(const Path& program) {
  if (program.parent_path().filename() != "shims") return program;
  const Path root = program.parent_path().parent_path();
  std::string version = variable("PYENV_VERSION");
  if (version.empty()) {
    const auto chosen = read_file(root / "version");
    if (chosen) version = std::string(trim(split(*chosen, '\n').front()));
  }
  const Path real = root / "versions" / version / "bin" / "python3";
  return !version.empty() && is_file(real) ? real : program;
}

std::string version_by_name(const Path& interpreter) {
  std::error_code failed;
  const Path real = std::filesystem::canonical(interpreter, failed);
  return failed ? "" : minor_version(real.filename().string());
}

void read_packages(const Path& folder, std::map<std::string, std::string>& installed) {
  const auto names = list_folder(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    const bool dist = name.ends_with(".dist-info");
    if (!dist && !name.ends_with(".egg-info")) continue;
    const std::string stem = name.substr(0, name.size() - 10);
    const auto dash = stem.find('-');
    if (dash == std::string::npos) continue;
    std::string version = stem.substr(dash + 1);
    if (!dist) version = version.substr(0, version.find("-py"));
    installed.emplace(normalised_package(stem.substr(0, dash)), version);
  }
}

void read_all_packages(PythonEnvironment& python) {
  const std::string name = "python" + python.version;
  if (!python.root.empty()) {
    read_packages(python.root / "lib" / name / "site-packages", python.installed);
    if (lower(setting(python.root / "pyvenv.cfg", "include-system-site-packages")) != "true") return;
  }
  std::error_code failed;
  const Path real = std::filesystem::canonical(python.interpreter, failed);
  const Path prefix = failed ? Path("/usr") : real.parent_path().parent_path();
  for (const Path& folder : {prefix / "lib" / name / "site-packages", prefix / "local/lib" / name / "dist-packages", prefix / "lib/python3/dist-packages"})
    read_packages(folder, python.installed);
  if (const std::string home = variable("HOME"); !home.empty()) read_packages(Path(home) / ".local/lib" / name / "site-packages", python.installed);
}

Error no_python(const std::string& declared) {
  return {ErrorKind::step_failed, fmt::format("environment.python {}: there is no Python interpreter", declared),
          "name a virtual environment (a folder with bin/python3) or an interpreter"};
}

Result<Path> interpreter_of(const std::string& declared) {
  if (declared.empty()) {
    for (const char* name : {"python3", "python"})
      if (const auto found = find_program(name, variable("PATH"))) return behind_pyenv_shim(*found);
    return Path();
  }
  if (declared.find('/') == std::string::npos) {
    const auto found = find_program(declared, variable("PATH"));
    if (!found) return no_python(declared);
    return behind_pyenv_shim(*found);
  }
  if (!is_folder(declared)) {
    if (!is_file(declared)) return no_python(declared);
    return Path(declared);
  }
  for (const char* name : {"bin/python3", "bin/python"})
    if (is_file(Path(declared) / name)) return Path(declared) / name;
  return no_python(declared);
}

// "numpy>=1.2 ; python_version > '3'" -> "numpy"; comments, options and URLs -> "".
std::string package_of_line(std::string_view line) {
  line = trim(line.substr(0, line.find('#')));
  if (line.starts_with("- ")) line = trim(line.substr(2));
  if (line.starts_with('"') || line.starts_with('\'')) line = line.substr(1);
  if (const auto channel = line.find("::"); channel != std::string_view::npos) line = line.substr(channel + 2);
  const auto end = line.find_first_of(" =<>!~;[@,:\"'");
  const std::string_view name = line.substr(0, end);
  if (name.empty() || !std::isalnum(static_cast<unsigned char>(name[0])) || name.find('/') != std::string_view::npos) return {};
  if (end != std::string_view::npos && line[end] == ':') return {};  // "dependencies:", "pip:"
  return normalised_package(name);
}

// "base.txt" of "-r base.txt", "--requirement=base.txt", "-c base.txt".
std::string_view nested_file(std::string_view line) {
  line = trim(line.substr(0, line.find(" #")));
  for (const std::string_view option : {"--requirement", "--constraint", "-r", "-c"}) {
    if (!line.starts_with(option)) continue;
    const std::string_view rest = line.substr(option.size());
    if (!rest.empty() && (rest[0] == ' ' || rest[0] == '=' || option.size() == 2)) return trim(rest.substr(rest[0] == ' ' || rest[0] == '=' ? 1 : 0));
  }
  return {};
}

void add_nested(const Path& file, std::vector<std::pair<std::string, Path>>& files) {
  const auto text = read_file(file);
  if (!text) return;
  for (const std::string_view line : split(*text, '\n')) {
    const std::string written(nested_file(line));
    if (written.empty() || written.find("://") != std::string::npos) continue;
    const Path nested = (file.parent_path() / written).lexically_normal();
    const bool known = std::any_of(files.begin(), files.end(), [&](const auto& seen) { return seen.second == nested; });
    if (known || !is_file(nested)) continue;
    files.emplace_back(written, nested);
    add_nested(nested, files);
  }
}

void read_names(const std::string& text, bool yaml, std::set<std::string>& names) {
  bool below_dependencies = !yaml;
  for (const std::string_view line : split(text, '\n')) {
    if (yaml && trim(line) == "dependencies:") below_dependencies = true;
    if (!below_dependencies || (yaml && !trim(line).starts_with("- "))) continue;
    if (const std::string name = package_of_line(line); !name.empty()) names.insert(name);
  }
}

}  // namespace

Result<PythonEnvironment> inspect_python(const std::optional<Environment>& declared) {
  PythonEnvironment python;
  MLPIPE_TRY(python.interpreter, interpreter_of(declared ? declared->python : ""));
  if (python.interpreter.empty()) return python;
  const Path above = python.interpreter.parent_path().parent_path();
  if (is_file(above / "pyvenv.cfg")) {
    python.root = above;
    for (const char* key : {"version", "version_info"})
      if (python.version.empty()) python.version = minor_version(setting(above / "pyvenv.cfg", key));
  }
  if (python.version.empty()) python.version = version_by_name(python.interpreter);
  read_all_packages(python);
  return python;
}

std::vector<std::pair<std::string, Path>> environment_files(const Environment& declared) {
  std::vector<std::pair<std::string, Path>> files;
  if (!declared.conda_file.empty()) files.emplace_back("conda_file", declared.conda_file);
  if (declared.requirements.empty()) return files;
  files.emplace_back("requirements", declared.requirements);
  add_nested(declared.requirements, files);
  return files;
}

std::vector<std::string> declared_packages(const Environment& declared) {
  std::set<std::string> names;
  for (const auto& [name, file] : environment_files(declared))
    if (const auto text = read_file(file)) read_names(*text, name == "conda_file", names);
  read_names(declared.conda_text, true, names);
  names.erase("python");
  names.erase("pip");
  return {names.begin(), names.end()};
}

std::string normalised_package(std::string_view name) {
  std::string out;
  for (const char c : lower(name)) {
    const bool dash = c == '-' || c == '_' || c == '.';
    if (dash && out.ends_with('-')) continue;
    out += dash ? '-' : c;
  }
  return out;
}

}  // namespace mlpipe
