#include "run/requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "base/text.h"
#include "spec/yaml/scalar.h"
#include "spec/yaml/yaml.h"

namespace mlpipe {
namespace {

// Conda's packages that pip does not have, by how their names begin.
constexpr std::array conda_only = {"_", "r-", "lib", "cuda", "cudnn", "gcc", "gxx", "openmpi", "mpich", "nodejs", "openjdk", "cmake", "make", "git", "mkl", "blas"};

std::string_view name_in(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '-' || text[end] == '_' || text[end] == '.')) ++end;
  return text.substr(0, end);
}

// Nothing: no package by its name, such as a URL.
std::optional<Requirement> requirement(std::string_view line) {
  line = trim(line.substr(0, line.find(" #")));
  const std::string_view name = name_in(line);
  if (name.empty() || line.find("://") != std::string_view::npos) return std::nullopt;
  std::string_view rest = trim(line.substr(name.size()));
  if (rest.starts_with('[')) rest = trim(rest.substr(std::min(rest.find(']'), rest.size() - 1) + 1));
  std::string specifier(trim(rest.substr(0, rest.find(';'))));
  if (!specifier.empty() && std::string_view("=<>!~").find(specifier.front()) == std::string_view::npos) return std::nullopt;
  std::erase(specifier, ' ');
  return Requirement{normalised_package(name), specifier, std::string(line)};
}

void add_pip_line(std::string_view written, const Path& folder, Requirements& found) {
  const std::string_view line = trim(written.substr(0, written.starts_with('#') ? 0 : written.find(" #")));
  if (line.empty()) return;
  for (const std::string_view option : {"-r", "-c"})
    if (line.starts_with(std::string(option) + " ")) return found.options.push_back(fmt::format("{} {}", option, (folder / trim(line.substr(2))).lexically_normal().string()));
  const std::string_view place = line.starts_with("-e ") ? trim(line.substr(3)) : line;
  if (place.starts_with("./") || place.starts_with("../"))
    return found.options.push_back(std::string(line.substr(0, line.size() - place.size())) + (folder / place).lexically_normal().string());
  if (auto package = line.starts_with('-') ? std::nullopt : requirement(line)) found.packages.push_back(std::move(*package));
  else found.options.emplace_back(line);
}

// "conda-forge::numpy=1.2=py3_0", "numpy >=1.2,<2", "python=3.10".
void add_conda_package(std::string_view written, Requirements& found) {
  std::string_view text = trim(written);
  if (const auto channel = text.find("::"); channel != std::string_view::npos) text.remove_prefix(channel + 2);
  const std::string name(name_in(text));
  std::string specifier(trim(text.substr(name.size())));
  if (const auto blank = specifier.find(' '); blank != std::string::npos && std::isdigit(static_cast<unsigned char>(specifier.front()))) specifier.resize(blank);
  std::erase(specifier, ' ');
  if (specifier.starts_with('=') && !specifier.starts_with("==")) {
    const std::string version = specifier.substr(1, specifier.find('=', 1) - 1);
    specifier = "==" + version + (version.ends_with('*') ? "" : ".*");
  }
  if (name == "pip") return;
  if (name == "python") {
    const auto digits = specifier.find_first_of("0123456789");
    if (digits == std::string::npos) return;
    const auto parts = split(std::string_view(specifier).substr(digits), '.');
    found.python = std::string(parts[0]) + (parts.size() > 1 && parts[1] != "*" ? "." + std::string(parts[1]) : "");
    return;
  }
  const bool only_conda = std::any_of(conda_only.begin(), conda_only.end(), [&](const char* start) { return name.starts_with(start); });
  if (name.empty() || only_conda) found.left_out.emplace_back(text);
  else found.packages.push_back({normalised_package(name), specifier, name + specifier});
}

Error bad_conda_file(const Path& file, const spec::Place& where, const std::string& what) {
  return {ErrorKind::spec, fmt::format("{}{}: {}", shown_path(file), where.line > 0 ? fmt::format(":{}:{}", where.line, where.column) : "", what),
          "a conda file has `dependencies:`, a list of packages, in it perhaps `- pip:` with a list of pip's own"};
}

Status read_conda(const Path& file, Requirements& found) {
  MLPIPE_TRY(std::string text, read_file(file));
  spec::Document document;
  document.file = shown_path(file);
  document.text = std::move(text);
  Diagnostics mistakes;
  spec::parse_yaml(document, mistakes);
  if (mistakes.has_errors()) {
    const Location& where = mistakes.all().front().where;
    return bad_conda_file(file, {nullptr, where.line, where.column}, mistakes.all().front().message);
  }
  const spec::Entry* list = document.root.node ? document.root.node->find("dependencies") : nullptr;
  if (!list || list->value.node->kind != spec::Node::Kind::sequence) return bad_conda_file(file, {}, "it has no list of dependencies");
  for (const spec::Value& item : list->value.node->items) {
    const spec::Entry* pip = item.node->find("pip");
    if (item.node->kind == spec::Node::Kind::scalar) add_conda_package(item.node->text, found);
    else if (pip)
      for (const spec::Value& line : pip->value.node->items) add_pip_line(line.node->text, file.parent_path(), found);
    else return bad_conda_file(file, item.where, fmt::format("a dependency is a text or `pip:`, got {}", spec::describe(item)));
  }
  return {};
}

Status read_pip(const Path& file, Requirements& found) {
  MLPIPE_TRY(const std::string text, read_file(file));
  for (const std::string_view line : split(text, '\n')) add_pip_line(trim(line), file.parent_path(), found);
  return {};
}

// The numbers of a version up to what is no number: "1.2.0rc1" is 1, 2, 0.
std::vector<long long> numbers(std::string_view version) {
  std::vector<long long> found;
  for (const std::string_view part : split(version, '.')) {
    const auto end = part.find_first_not_of("0123456789");
    const auto number = parse_integer(part.substr(0, end));
    if (!number) break;
    found.push_back(*number);
    if (end != std::string_view::npos) break;
  }
  while (!found.empty() && found.back() == 0) found.pop_back();
  return found;
}

bool begins_with(const std::vector<long long>& version, std::string_view prefix) {
  const auto parts = static_cast<std::size_t>(std::count(prefix.begin(), prefix.end(), '.')) + 1;
  auto wanted = numbers(prefix), has = version;
  wanted.resize(parts);
  has.resize(std::max(has.size(), parts));
  return std::equal(wanted.begin(), wanted.end(), has.begin());
}

bool satisfies_one(const std::vector<long long>& version, std::string_view clause) {
  const auto at = clause.find_first_not_of("=<>!~");
  const std::string_view sign = clause.substr(0, at), text = at == std::string_view::npos ? "" : clause.substr(at);
  if (text.ends_with(".*")) return begins_with(version, text.substr(0, text.size() - 2)) == (sign == "==");
  const auto wanted = numbers(text);
  if (wanted.empty()) return true;
  if (sign == "==" || sign == "===") return version == wanted;
  if (sign == "!=") return version != wanted;
  if (sign == "<=") return version <= wanted;
  if (sign == ">=") return version >= wanted;
  if (sign == "<") return version < wanted;
  if (sign == ">") return version > wanted;
  return sign != "~=" || (version >= wanted && begins_with(version, text.substr(0, text.rfind('.'))));
}

}  // namespace

const Path& file_of(const Environment& environment) { return environment.conda_file.empty() ? environment.requirements : environment.conda_file; }

Result<Requirements> read_requirements(const Environment& environment) {
  Requirements found;
  if (!environment.conda_file.empty()) MLPIPE_TRY_VOID(read_conda(environment.conda_file, found));
  if (!environment.requirements.empty()) MLPIPE_TRY_VOID(read_pip(environment.requirements, found));
  return found;
}

bool satisfies(std::string_view version, std::string_view specifier) {
  const auto has = numbers(version);
  for (const std::string_view clause : split(specifier, ','))
    if (!trim(clause).empty() && !satisfies_one(has, trim(clause))) return false;
  return true;
}

std::vector<std::string> missing_from(const PythonEnvironment& python, const Requirements& wanted) {
  std::vector<std::string> missing;
  const bool other_python = !wanted.python.empty() && python.version != wanted.python && !(wanted.python.find('.') == std::string::npos && python.version.starts_with(wanted.python + "."));
  if (other_python) missing.push_back(fmt::format("Python {} is {}", wanted.python, python.version.empty() ? "not there" : python.version));
  for (const Requirement& package : wanted.packages) {
    const auto found = python.installed.find(package.name);
    if (found == python.installed.end()) missing.push_back(fmt::format("{} is not installed", package.name + package.specifier));
    else if (!satisfies(found->second, package.specifier)) missing.push_back(fmt::format("{} is {}", package.name + package.specifier, found->second));
  }
  return missing;
}

std::vector<UnmappedEnvironment> unmapped_environments(const std::vector<const Step*>& steps) {
  std::map<Path, UnmappedEnvironment> found;
  for (const Step* step : steps) {
    if (!step->environment || !step->environment->python.empty() || file_of(*step->environment).empty()) continue;
    UnmappedEnvironment& environment = found[file_of(*step->environment)];
    environment.steps.push_back(step->name);
    if (environment.steps.size() > 1) continue;
    environment.file = file_of(*step->environment);
    const auto python = inspect_python(step->environment);
    const auto wanted = read_requirements(*step->environment);
    if (python) environment.python = python->interpreter;
    if (python && wanted) environment.missing = missing_from(*python, *wanted);
  }
  std::vector<UnmappedEnvironment> all;
  for (auto& [file, environment] : found) all.push_back(std::move(environment));
  return all;
}

}  // namespace mlpipe
