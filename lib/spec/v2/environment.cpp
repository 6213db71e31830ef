// `environment` of a node: a name of Azure's, the path of a file, or a map.
#include <fmt/format.h>

#include "spec/reading/asset_name.h"
#include "spec/v2/binding.h"
#include "spec/v2/steps.h"
#include "spec/yaml/yaml_text.h"
#include "system/blake3.h"

namespace mlpipe::spec::v2 {
namespace {

std::optional<Environment> named_environment(Context& context, const Scalar& written) {
  const auto asset = parse_asset_name(written.text);
  if (!asset || asset->name.empty()) {
    context.error(written.where, fmt::format("`{}` names no environment", written.text), "azureml:NAME:VERSION, the path of a file, or a map");
    return std::nullopt;
  }
  Environment environment;
  environment.name = asset->versioned();
  environment.where = location(written.where);
  return environment;
}

// One without a name is known by its content: the same one in many nodes is one environment, and a changed one is another.
void take_in_place(Context& context, const Value& conda, Environment& environment) {
  environment.conda_text = yaml_text(conda);
  environment.conda_folder = context.path_beside(conda.where, ".").lexically_normal();
  if (environment.name.empty()) environment.name = "conda-" + digest_of(environment.conda_text).hex().substr(0, 8);
}

std::optional<Environment> environment_in(Reading& reading, const Value& value, const std::string& owner) {
  Context& context = reading.context;
  static const std::vector<std::string> keys = {"$schema", "name", "version", "image", "conda_file", "build", "description", "tags", "os_type",
                                                "inference_config", "properties", "type"};
  const MapReader map(context, value, owner, keys, values_in(reading, nullptr), "environment");
  if (!map.valid()) return std::nullopt;
  Environment environment;
  environment.where = location(value.where);
  if (const auto name = map.text("name")) environment.name = name->text;
  if (const auto version = map.text("version"); version && !environment.name.empty()) environment.name += ":" + version->text;
  if (const auto image = map.text("image")) environment.image = image->text;
  const Entry* conda = entry_of(value, "conda_file");
  if (!conda) return environment;
  if (conda->value.node->kind == Node::Kind::map) take_in_place(context, conda->value, environment);
  if (conda->value.node->kind != Node::Kind::scalar) return environment;
  environment.conda_file = context.path_beside(conda->value.where, conda->value.node->text);
  if (!is_file(environment.conda_file))
    context.error(conda->value.where, fmt::format("{}: `{}` does not exist", map.named("conda_file"), conda->value.node->text),
                  fmt::format("looked for {}; paths are relative to the file that they stand in", shown_path(environment.conda_file)));
  return environment;
}

// A file with the map in it.
std::optional<Environment> environment_of_file(Reading& reading, const Scalar& written, const std::string& owner) {
  Context& context = reading.context;
  const Path file = context.path_beside(written.where, written.text.starts_with("file:") ? written.text.substr(5) : written.text);
  if (!context.has_file(file)) {
    context.error(written.where, fmt::format("environment `{}` of {} does not exist", written.text, owner),
                  fmt::format("a name of Azure's begins with azureml: ; looked for {}", shown_path(file)));
    return std::nullopt;
  }
  const Document* document = context.open_file(file);
  return document ? environment_in(reading, document->root, owner) : std::nullopt;
}

}  // namespace

void read_environment_of(Reading& reading, const MapReader& map, Step& step) {
  Context& context = reading.context;
  const Entry* entry = map.given("environment");
  if (!entry) return context.azure_warning(map.where(), fmt::format("{} has no environment", map.title()), "write `environment: azureml:NAME@latest`");
  const Scalar written = scalar_of(entry->value);
  if (entry->value.node->kind != Node::Kind::scalar) step.environment = environment_in(reading, entry->value, map.title());
  else step.environment = is_asset_name(written.text) ? named_environment(context, written) : environment_of_file(reading, written, map.title());
  if (step.environment) map_environment(context, *step.environment);
}

}  // namespace mlpipe::spec::v2
