// mlpipe.local.yaml: what on this machine stands for what Azure's workspaces and registries have names for. Read from the user's
// configuration folder (mlpipe/local.yaml below XDG_CONFIG_HOME, else ~/.config), beside the spec, and where --config says; later wins.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"
#include "spec/reading/asset_name.h"
#include "system/files.h"

namespace mlpipe::spec {

class Context;

inline constexpr const char* mapping_name = "mlpipe.local.yaml";

struct Mapping {
  std::map<std::string, Path> datastores;                // folders
  std::map<std::string, Path> data, models, components;  // by "NAME" or "NAME:VERSION"; absolute
  std::map<std::string, std::string> environments;       // by name, or by the absolute path of a conda file: interpreter or venv

  // What stands for an asset; "NAME:VERSION" before "NAME".
  static std::optional<Path> find(const std::map<std::string, Path>& places, const AssetName& asset);
};

// A name that no mapping file has, and who wants it.
struct Unmapped {
  std::string kind;    // the key of the mapping file: "data"
  std::string name;    // the key below it
  std::string wanted_by;  // "node `train`"
  Location where;
};

// Fills context.mapping. Mistakes in a mapping file are mistakes of the spec.
void read_mapping(Context& context);
// One error for all that context.unmapped has, with the lines to write.
void report_unmapped(Context& context);
// Settles environment.python when a mapping file has the environment's name or its conda file.
void map_environment(const Context& context, Environment& environment);
// What an azureml: name of data, of a model or of a place in a datastore stands for; nothing: it is not mapped, or leaves the datastore.
std::optional<Path> place_of(const NamedPlaces& named, const std::string& written);
// A datastore's folder: those that every workspace has lie below .mlpipe when nothing else is said. Nothing: it is not mapped.
std::optional<Path> folder_of_datastore(const Context& context, const std::string& name);

}  // namespace mlpipe::spec
