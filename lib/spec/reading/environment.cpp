// {python, conda_file, requirements, image} of the pipeline or of a step.
#include <fmt/format.h>

#include "spec/reading/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

bool is_virtual_environment(const Path& folder) { return path_exists(folder / "bin" / "python") || path_exists(folder / "bin" / "python3"); }

// A folder or file beside the spec, or the name of a program on the PATH.
std::string read_python(const MapReader& map, const Scalar& written, const Path& directory, bool must_exist) {
  const Path beside = absolute_path(directory / written.text);
  const bool is_name = written.text.find('/') == std::string::npos && !written.text.starts_with('.') && !path_exists(beside);
  if (is_name) return written.text;
  if (must_exist && !path_exists(beside))
    map.context().error(written.where, fmt::format("{}: `{}` does not exist", map.named("python"), written.text),
                        fmt::format("make it (python3 -m venv {}), or name an interpreter", written.text));
  else if (must_exist && is_folder(beside) && !is_virtual_environment(beside))
    map.context().error(written.where, fmt::format("{}: `{}` is not a virtual environment", map.named("python"), written.text),
                        "it has no bin/python");
  return beside.string();
}

Path read_file_name(const MapReader& map, const std::string& key, const Path& directory, bool must_exist) {
  const auto written = map.text(key);
  if (!written) return {};
  if (must_exist) check_file_below(map.context(), directory, *written, map.named(key));
  return absolute_path(directory / written->text);
}

// A name that a mapping file has.
std::optional<Environment> named_environment(Context& context, const Value& value) {
  Environment environment;
  const auto asset = parse_asset_name(value.node->text);
  environment.name = asset ? asset->versioned() : value.node->text;
  environment.where = location(value.where);
  map_environment(context, environment);
  if (!environment.python.empty()) return environment;
  context.error(value.where, fmt::format("no mapping file has the environment `{}`", environment.name),
                fmt::format("write {{python: INTERPRETER_OR_VENV}} here, or `environments: {{{}: {{python: ...}}}}` into {}", asset ? asset->name : environment.name, mapping_name));
  return std::nullopt;
}

}  // namespace

std::optional<Environment> read_environment(Context& context, const Value& value, const std::string& owner, const Path& directory,
                                            bool must_exist) {
  if (value.node->kind == Node::Kind::scalar) return named_environment(context, value);
  const MapReader map(context, value, owner, {"python", "conda_file", "requirements", "image"}, MapReader::Values::plain, "environment");
  if (!map.valid()) return std::nullopt;
  Environment environment;
  environment.where = location(value.where);
  if (const auto python = map.text("python")) environment.python = read_python(map, *python, directory, must_exist);
  environment.conda_file = read_file_name(map, "conda_file", directory, must_exist);
  environment.requirements = read_file_name(map, "requirements", directory, must_exist);
  if (const auto image = map.text("image")) environment.image = image->text;
  map_environment(context, environment);
  return environment;
}

void check_file_below(Context& context, const Path& directory, const Scalar& name, const std::string& key) {
  const Path path = absolute_path(directory / name.text);
  if (is_file(path)) return;
  if (is_folder(path)) return context.error(name.where, fmt::format("{}: `{}` is a folder, not a file", key, name.text));
  context.error(name.where, fmt::format("{}: `{}` does not exist", key, name.text), fmt::format("looked for {}", shown_path(path)));
}

}  // namespace mlpipe::spec
