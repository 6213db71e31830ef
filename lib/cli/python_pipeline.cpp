#include "cli/python_pipeline.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "report/json.h"
#include "system/host.h"
#include "system/process.h"

namespace mlpipe::cli {
namespace {

constexpr int no_package = 3;

Result<std::map<std::string, std::string>> by_name(const std::vector<std::string>& options, bool paths) {
  std::map<std::string, std::string> values;
  for (const std::string& option : options) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{ErrorKind::usage, fmt::format("{} {}: it is given as NAME={}", paths ? "--input" : "-p", option, paths ? "PATH" : "VALUE"), ""};
    const std::string value = option.substr(equals + 1);
    values[option.substr(0, equals)] = paths ? absolute_path(value).string() : value;
  }
  return values;
}

Error no_azure() {
  return {ErrorKind::spec, "the Python of this shell has no azure-ai-ml, which writes such a pipeline as YAML", "pip install azure-ai-ml, or name the interpreter first on PATH that has it"};
}

}  // namespace

std::optional<std::pair<Path, std::string>> python_pipeline(const std::string& word) {
  const auto colon = word.rfind(':');
  if (colon == std::string::npos || !word.substr(0, colon).ends_with(".py")) return std::nullopt;
  const std::string function = word.substr(colon + 1);
  const bool name = !function.empty() && std::all_of(function.begin(), function.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  return name ? std::optional(std::pair(absolute_path(word.substr(0, colon)), function)) : std::nullopt;
}

Path dumped_place(const Path& file, const std::string& function) {
  return file.parent_path() / fmt::format(".{}.{}.mlpipe.yml", file.stem().string(), function);
}

Result<Path> dump_python_pipeline(const Path& file, const std::string& function, Changes& changes) {
  MLPIPE_TRY(const auto values, by_name(changes.parameters, false));
  MLPIPE_TRY(const auto data, by_name(changes.inputs, true));
  if (!is_file(file)) return Error{ErrorKind::spec, fmt::format("{} does not exist", shown_path(file)), ""};
  const auto script = find_module("python/mlpipe_dump_pipeline.py");
  if (!script) return Error{ErrorKind::step_failed, "python/mlpipe_dump_pipeline.py is missing beside mlpipe", "install mlpipe again"};
  const char* path = std::getenv("PATH");
  const auto python = find_program("python3", path ? path : "");
  if (!python) return no_azure();
  const Path place = dumped_place(file, function);
  ProcessSpec spec;
  spec.argv = {python->string(), script->string(), python_pipeline_request(file, function, values, data, place)};
  spec.environment = environment_with({"PYTHONDONTWRITEBYTECODE=1"});
  spec.out = spec.err = STDERR_FILENO;
  MLPIPE_TRY(const ExitStatus status, run_in_foreground(spec));
  if (status.code == no_package) return no_azure();
  if (!status.ok()) return Error{ErrorKind::spec, fmt::format("{}:{} made no pipeline: {}", shown_path(file), function, describe(status)), ""};
  changes.parameters.clear();
  changes.inputs.clear();
  return place;
}

}  // namespace mlpipe::cli
