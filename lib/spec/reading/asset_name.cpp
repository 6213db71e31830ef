#include "spec/reading/asset_name.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"

namespace mlpipe::spec {
namespace {

constexpr std::array<std::string_view, 5> kinds = {"datastores", "data", "models", "components", "environments"};

AssetName short_name(std::string_view text) {
  const auto mark = text.find_first_of(":@");
  AssetName asset;
  asset.name = text.substr(0, mark);
  if (mark != std::string_view::npos) asset.version = text.substr(mark + 1);
  return asset;
}

std::optional<AssetName> long_name(std::string_view text) {
  const auto words = split(text, '/');
  AssetName asset;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "registries") asset.registry = words[i + 1];
    for (const std::string_view kind : kinds)
      if (words[i] == kind && !words[i + 1].empty()) {
        asset.kind = kind;
        asset.name = words[i + 1];
        const bool more = i + 3 < words.size();
        if (kind == "datastores" && more && words[i + 2] == "paths") asset.path = text.substr(text.find("/paths/") + 7);
        else if (more && (words[i + 2] == "versions" || words[i + 2] == "labels")) asset.version = words[i + 3];
        return asset;
      }
  }
  return std::nullopt;
}

}  // namespace

std::optional<AssetName> parse_asset_name(std::string_view text) {
  constexpr std::string_view prefix = "azureml:", address = "azureml://";
  if (text.starts_with(address)) return long_name(text.substr(address.size()));
  if (!text.starts_with(prefix) || text.size() == prefix.size()) return std::nullopt;
  return short_name(text.substr(prefix.size()));
}

std::string web_address(std::string_view text) {
  if (text.starts_with("https://") || text.starts_with("http://")) return std::string(text);
  for (const std::string_view scheme : {"wasbs://", "wasb://"}) {
    const auto at = text.find('@'), slash = text.find('/', scheme.size());
    if (!text.starts_with(scheme) || at == std::string_view::npos || slash == std::string_view::npos || at > slash) continue;
    return fmt::format("https://{}/{}{}", text.substr(at + 1, slash - at - 1), text.substr(scheme.size(), at - scheme.size()), text.substr(slash));
  }
  return {};
}

}  // namespace mlpipe::spec
