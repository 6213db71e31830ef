#include "spec/reading/mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "spec/reading/map_reader.h"

namespace mlpipe::spec {
namespace {

const std::vector<std::string> keys = {"datastores", "data", "models", "components", "environments"};

Path user_file() {
  const auto variable = [](const char* name) { const char* value = std::getenv(name); return value ? std::string(value) : std::string(); };
  if (const std::string folder = variable("XDG_CONFIG_HOME"); !folder.empty()) return Path(folder) / "mlpipe" / "local.yaml";
  const std::string home = variable("HOME");
  return home.empty() ? Path() : Path(home) / ".config" / "mlpipe" / "local.yaml";
}

void read_places(const MapReader& top, const std::string& key, std::map<std::string, Path>& places) {
  const Value* value = top.map(key);
  if (!value) return;
  if (value->node->kind != Node::Kind::map) return top.wrong_type(key, "a map", *value);
  for (const Entry& entry : value->node->entries) {
    if (entry.value.node->kind == Node::Kind::scalar) {
      const Path place = top.context().path_beside(entry.value.where, entry.value.node->text);
      places[is_asset_name(entry.key) ? entry.key.substr(8) : entry.key] = place;
      if (!path_exists(place))
        top.context().error(entry.value.where, fmt::format("`{}` of `{}` does not exist", entry.value.node->text, entry.key),
                            fmt::format("looked for {}; paths are relative to the mapping file", shown_path(place)));
    } else {
      top.context().error(entry.value.where, fmt::format("`{}` must be a path, got {}", entry.key, describe(entry.value)));
    }
  }
}

// The key is a name, or the path of a conda file relative to the mapping file.
void read_environment_entry(Context& context, const Entry& entry) {
  const MapReader map(context, entry.value, fmt::format("environment `{}`", entry.key), {"python"});
  const auto python = map.valid() ? map.text("python") : std::nullopt;
  if (!python) return;
  const bool is_program = python->text.find('/') == std::string::npos && !path_exists(context.path_beside(python->where, python->text));
  const std::string place = is_program ? python->text : context.path_beside(python->where, python->text).string();
  // Whoever removes the store removes what `env create` made in it.
  if (!is_program && !path_exists(place))
    return context.warning(python->where, fmt::format("`{}` does not exist: the active Python is used", python->text), "make it with `mlpipe env create`, or name another one");
  context.mapping.environments[entry.key] = place;
  context.mapping.environments[context.path_beside(entry.key_where, entry.key).string()] = place;
}

void read_file_of(Context& context, const Path& file) {
  const Document* document = context.open_file(file);
  if (!document || document->root.node->kind == Node::Kind::null) return;
  MapReader top(context, document->root, fmt::format("`{}`", document->file), keys);
  top.ignore_empty();
  if (!top.valid()) return;
  read_places(top, "datastores", context.mapping.datastores);
  read_places(top, "data", context.mapping.data);
  read_places(top, "models", context.mapping.models);
  read_places(top, "components", context.mapping.components);
  const Value* environments = top.map("environments");
  if (environments && environments->node->kind != Node::Kind::map) top.wrong_type("environments", "a map", *environments);
  else if (environments)
    for (const Entry& entry : environments->node->entries) read_environment_entry(context, entry);
}

// Those that do not lie beside the spec say what is on this machine, and are no part of what a run keeps.
void read_file_elsewhere(Context& context, const Path& file) {
  read_file_of(context, file);
  std::erase_if(context.pipeline.files, [&](const Pipeline::SpecFile& kept) { return kept.path == file; });
}

// "models" -> "model".
std::string singular(const std::string& kind) { return kind.ends_with('s') ? kind.substr(0, kind.size() - 1) : kind; }

std::string lines_to_write(const std::vector<Unmapped>& all) {
  std::string lines;
  for (const std::string& key : keys) {
    std::vector<std::string> names;
    for (const Unmapped& one : all)
      if (one.kind == key && std::find(names.begin(), names.end(), one.name) == names.end()) names.push_back(one.name);
    if (!names.empty()) lines += fmt::format("\n    {}:", key);
    for (const std::string& name : names) lines += fmt::format("\n      \"{}\": {}", name, key == "components" ? "FILE.yml" : key == "datastores" ? "FOLDER" : "PATH");
  }
  return lines;
}

void read_mapping_files(Context& context) {
  const Path of_user = user_file(), beside = context.pipeline.directory / mapping_name;
  if (!of_user.empty() && is_file(of_user)) read_file_elsewhere(context, of_user);
  if (context.has_file(beside)) read_file_of(context, beside);
  if (!context.overrides.config) return;
  const Path given = absolute_path(*context.overrides.config);
  context.pipeline.overrides.push_back("--config " + given.string());
  read_file_elsewhere(context, given);
}

}  // namespace

std::optional<Path> Mapping::find(const std::map<std::string, Path>& places, const AssetName& asset) {
  for (const std::string& key : {asset.name + ":" + asset.version, asset.name + "@" + asset.version, asset.name})
    if (const auto found = places.find(key); found != places.end()) return found->second;
  return std::nullopt;
}

std::optional<Path> place_of(const NamedPlaces& named, const std::string& written) {
  const auto asset = parse_asset_name(written);
  if (!asset || asset->name.empty()) return std::nullopt;
  if (asset->kind != "datastores") {
    const auto data = Mapping::find(named.data, *asset);
    return data ? data : Mapping::find(named.models, *asset);
  }
  const auto folder = named.datastores.find(asset->name);
  const Path below = Path(asset->path).lexically_normal();
  const bool leaves = below.is_absolute() || (!below.empty() && *below.begin() == "..");
  return folder == named.datastores.end() || leaves ? std::nullopt : std::optional(absolute_path(folder->second / below));
}

void read_mapping(Context& context) {
  read_mapping_files(context);
  NamedPlaces& places = context.pipeline.places;
  places = {context.mapping.datastores, context.mapping.data, context.mapping.models};
  for (const char* own : {"workspaceblobstore", "workspaceartifactstore"})
    if (const auto folder = folder_of_datastore(context, own)) places.datastores.emplace(own, *folder);
}

void report_unmapped(Context& context) {
  if (context.unmapped.empty()) return;
  std::vector<std::string> wanted;
  for (const Unmapped& one : context.unmapped) {
    std::string text = fmt::format("{} `{}` (of {})", singular(one.kind), one.name, one.wanted_by);
    if (std::find(wanted.begin(), wanted.end(), text) == wanted.end()) wanted.push_back(std::move(text));
  }
  context.error_at(context.unmapped.front().where, fmt::format("nothing on this machine stands for {}", join(wanted, ", ")),
                   fmt::format("write into {}:{}", shown_path(context.pipeline.directory / mapping_name), lines_to_write(context.unmapped)));
}

void map_environment(const Context& context, Environment& environment) {
  if (!environment.python.empty()) return;
  const std::string plain = environment.name.substr(0, environment.name.find_first_of(":@"));
  for (const std::string& key : {environment.name, plain, environment.conda_file.string()}) {
    const auto found = context.mapping.environments.find(key);
    if (key.empty() || found == context.mapping.environments.end()) continue;
    environment.python = found->second;
    return;
  }
}

std::optional<Path> folder_of_datastore(const Context& context, const std::string& name) {
  const auto found = context.mapping.datastores.find(name);
  if (found != context.mapping.datastores.end()) return found->second;
  if (name == "workspaceblobstore" || name == "workspaceartifactstore") return context.pipeline.directory / ".mlpipe" / "datastores" / name;
  return std::nullopt;
}

}  // namespace mlpipe::spec
