// Names that Azure's workspaces and registries give to things: azureml:NAME:VERSION, azureml://datastores/DS/paths/P, ...
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mlpipe::spec {

struct AssetName {
  std::string kind;      // "datastores", "data", "models", "components", "environments"; empty: the name does not say
  std::string name;
  std::string version;   // or a label, "latest"; empty: none
  std::string path;      // below a datastore
  std::string registry;  // empty: of the workspace

  std::string versioned() const { return version.empty() ? name : name + ":" + version; }  // "NAME:VERSION"
};

// azureml:NAME[:VERSION|@LABEL], and azureml:// with any of datastores, data, models, components, environments in it.
// Nothing: it is no such name.
std::optional<AssetName> parse_asset_name(std::string_view text);

inline bool is_asset_name(std::string_view text) { return text.starts_with("azureml:"); }

// The https address of what a browser could fetch: https:// and http:// themselves, wasbs://CONTAINER@HOST/PATH. Empty: it is none.
std::string web_address(std::string_view text);

}  // namespace mlpipe::spec
