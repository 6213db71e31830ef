#include "run/requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "base/text.h"
#include "run/python_versions.h"
#include "spec/yaml/scalar.h"
#include "spec/yaml/yaml.h"

namespace mlpipe {
namespace {

// Conda's packages that pip does not have, by their names; what ends with * stands for all that begin so.
constexpr std::array conda_only = {"_*", "r-*", "cuda", "cudatoolkit*", "cuda-toolkit", "cuda-nvcc*", "cuda-cudart*", "cuda-libraries*", "cuda-runtime", "cuda-version", "cudnn", "nccl", "gcc", "gcc_*",
                                   "gxx", "gxx_*", "gfortran*", "c-compiler", "cxx-compiler", "compilers", "openmpi", "mpich", "nodejs", "openjdk", "cmake", "make", "git", "git-lfs", "mkl", "blas",
                                   "openblas", "libblas", "libcblas", "liblapack*", "libopenblas*", "libgcc*", "libstdcxx*", "libgomp", "libgfortran*", "libcurl", "libffi", "libpng", "libtiff",
                                   "libjpeg-turbo", "libxml2", "libxslt", "libzlib", "libiconv", "libsodium", "libspatialindex", "libboost*", "libprotobuf", "libsndfile", "libgdal*", "libglib", "libaio",
                                   "libuv", "libuuid", "libwebp*", "libgl", "libnvjpeg", "libcublas*", "libcufft*", "libcusparse*", "libnccl", "openssl", "ffmpeg", "tk", "zlib", "xz", "sqlite", "readline", "ncurses",
                                   "ca-certificates", "bzip2", "unixodbc", "swig"};

bool is_conda_only(std::string_view name) {
  return std::ranges::any_of(conda_only, [&](std::string_view known) { return known.ends_with('*') ? name.starts_with(known.substr(0, known.size() - 1)) : name == known; });
}

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
  std::string specifier(trim(rest.substr(0, std::min(rest.find(';'), rest.find(" --")))));  // --hash=... follows
  const auto marker = rest.find(';');
  if (!specifier.empty() && std::string_view("=<>!~").find(specifier.front()) == std::string_view::npos) return std::nullopt;
  std::erase(specifier, ' ');
  return Requirement{normalised_package(name), specifier, std::string(line), std::string(marker == std::string_view::npos ? "" : trim(rest.substr(marker + 1)))};
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

// A version of conda's as pip writes it: "=1.2=py3_0" is "==1.2.*", "1.2 py3_0" is "==1.2", ">=1.2,<2" stays. What pip cannot say is any version.
std::string pip_specifier(std::string_view conda) {
  std::string specifier(trim(conda));
  const bool bare = !specifier.empty() && std::isdigit(static_cast<unsigned char>(specifier.front()));
  if (const auto build = specifier.find(' '); bare && build != std::string::npos) specifier.resize(build);
  std::erase(specifier, ' ');
  if (specifier.find('|') != std::string::npos || (!bare && !specifier.empty() && std::string_view("=<>!~").find(specifier.front()) == std::string_view::npos)) return {};
  const bool exact = bare || specifier.starts_with("==");
  if (!exact && !specifier.starts_with('=')) return specifier;
  const auto start = specifier.find_first_not_of('=');
  if (start == std::string::npos) return {};
  std::string version = specifier.substr(start, specifier.find('=', start) - start);
  bool several = !exact;
  while (version.ends_with('*') || version.ends_with('.')) {
    several = true;
    version.pop_back();
  }
  if (version.empty()) return {};
  return version.find(',') != std::string::npos ? "==" + version : "==" + version + (several ? ".*" : "");
}

void want_python(const std::string& specifier, Requirements& found) {
  if (specifier.starts_with("==") && specifier.find(',') == std::string::npos) found.python = minor_of(std::string_view(specifier).substr(2));
  else if (specifier.starts_with("~=") && std::ranges::count(specifier, '.') == 2) found.python = minor_of(std::string_view(specifier).substr(2));
  else found.python_range = specifier;
}

// "conda-forge::numpy=1.2=py3_0", "numpy >=1.2,<2", "numpy 1.2", "python=3.10".
void add_conda_package(std::string_view written, Requirements& found) {
  std::string_view text = trim(written.substr(0, written.find(" #")));
  if (const auto channel = text.find("::"); channel != std::string_view::npos) text.remove_prefix(channel + 2);
  const std::string name(name_in(text));
  const std::string specifier = pip_specifier(text.substr(name.size()));
  if (name == "pip") return;
  if (name == "python") return want_python(specifier, found);
  if (name.empty() || is_conda_only(name)) found.left_out.emplace_back(text);
  else found.packages.push_back({normalised_package(name), specifier, name + specifier});
}

Error bad_conda_file(const std::string& shown, const spec::Place& where, const std::string& what) {
  return {ErrorKind::spec, fmt::format("{}{}: {}", shown, where.line > 0 ? fmt::format(":{}:{}", where.line, where.column) : "", what),
          "a conda file has `dependencies:`, a list of packages, in it perhaps `- pip:` with a list of pip's own"};
}

// `folder`: that paths in it count from.
Status read_conda(const std::string& shown, std::string text, const Path& folder, Requirements& found) {
  spec::Document document;
  document.file = shown;
  document.text = std::move(text);
  Diagnostics mistakes;
  spec::parse_yaml(document, mistakes);
  if (mistakes.has_errors()) {
    const Location& where = mistakes.all().front().where;
    return bad_conda_file(shown, {nullptr, where.line, where.column}, mistakes.all().front().message);
  }
  const spec::Entry* list = document.root.node ? document.root.node->find("dependencies") : nullptr;
  if (!list || list->value.node->kind != spec::Node::Kind::sequence) return bad_conda_file(shown, {}, "it has no list of dependencies");
  for (const spec::Value& item : list->value.node->items) {
    const spec::Entry* pip = item.node->find("pip");
    if (item.node->kind == spec::Node::Kind::scalar) add_conda_package(item.node->text, found);
    else if (pip)
      for (const spec::Value& line : pip->value.node->items) add_pip_line(line.node->text, folder, found);
    else return bad_conda_file(shown, item.where, fmt::format("a dependency is a text or `pip:`, got {}", spec::describe(item)));
  }
  return {};
}

Status read_conda(const Environment& environment, Requirements& found) {
  if (!environment.conda_text.empty()) return read_conda("conda_file of " + environment.name, environment.conda_text, environment.conda_folder, found);
  if (environment.conda_file.empty()) return {};
  MLPIPE_TRY(std::string text, read_file(environment.conda_file));
  return read_conda(shown_path(environment.conda_file), std::move(text), environment.conda_file.parent_path(), found);
}

Status read_pip(const Path& file, Requirements& found) {
  MLPIPE_TRY(const std::string text, read_file(file));
  std::string line;
  for (const std::string_view part : split(text, '\n')) {
    line += trim(part);
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.back() = ' ';
    if (goes_on) continue;
    add_pip_line(trim(line), file.parent_path(), found);
    line.clear();
  }
  return {};
}

}  // namespace

std::string known_as(const Environment& environment, const Path& directory) {
  const Path& file = environment.conda_file.empty() ? environment.requirements : environment.conda_file;
  if (!environment.conda_text.empty()) return environment.name;
  return file.empty() ? "" : file.lexically_relative(directory).string();
}

Result<Requirements> read_requirements(const Environment& environment) {
  Requirements found;
  MLPIPE_TRY_VOID(read_conda(environment, found));
  if (!environment.requirements.empty()) MLPIPE_TRY_VOID(read_pip(environment.requirements, found));
  return found;
}

bool suits(const Requirements& wanted, const std::string& python_version) {
  if (!wanted.python_range.empty()) return minor_satisfies(python_version, wanted.python_range);
  const bool major = wanted.python.find('.') == std::string::npos && python_version.starts_with(wanted.python + ".");
  return wanted.python.empty() || python_version == wanted.python || major;
}

std::vector<std::string> missing_from(const PythonEnvironment& python, const Requirements& wanted) {
  std::vector<std::string> missing;
  if (!suits(wanted, python.version))
    missing.push_back(fmt::format("Python {}{} is {}", wanted.python, wanted.python_range, python.version.empty() ? "not there" : python.version));
  for (const Requirement& package : wanted.packages) {
    if (!marker_holds(package.marker, python.version)) continue;
    const auto found = python.installed.find(package.name);
    if (found == python.installed.end()) missing.push_back(fmt::format("{} is not installed", package.name + package.specifier));
    else if (!satisfies(found->second, package.specifier)) missing.push_back(fmt::format("{} is {}", package.name + package.specifier, found->second));
  }
  return missing;
}

std::vector<UnmappedEnvironment> unmapped_environments(const Pipeline& pipeline, const std::vector<const Step*>& steps) {
  std::map<std::string, UnmappedEnvironment> found;
  for (const Step* step : steps) {
    if (!step->environment || !step->environment->python.empty()) continue;
    const std::string name = known_as(*step->environment, pipeline.directory);
    if (name.empty()) continue;
    UnmappedEnvironment& environment = found[name];
    environment.steps.push_back(step->name);
    if (environment.steps.size() > 1) continue;
    const bool file = step->environment->conda_text.empty();
    environment.name = file ? shown_path((pipeline.directory / name).lexically_normal()) : name;
    const auto python = inspect_python(step->environment);
    const auto wanted = read_requirements(*step->environment);
    if (python) environment.python = python->interpreter;
    if (python && wanted) environment.missing = missing_from(*python, *wanted);
  }
  std::vector<UnmappedEnvironment> all;
  for (auto& [name, environment] : found) all.push_back(std::move(environment));
  return all;
}

}  // namespace mlpipe
