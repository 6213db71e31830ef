#include "report/failed_item.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace mlpipe {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

// Items that nobody tells apart have no name.
std::string name_of(const Json& json) {
  if (std::string item = text_of(json, "item"); !item.empty()) return item;
  if (json.contains("number")) return fmt::format("item {}", number_of(json, "number"));
  return plural(number_of(json, "items"), "item");
}

}  // namespace

std::optional<FailedItemFacts> failed_item_of(std::string_view line, std::size_t longest_detail) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  FailedItemFacts failed{number_of(json, "mini_batch"), name_of(json), text_of(json, "kind"), text_of(json, "reason"), text_of(json, "traceback")};
  if (failed.detail.empty()) failed.detail = text_of(json, "stderr");
  if (failed.detail.size() > longest_detail) failed.detail.erase(0, failed.detail.size() - longest_detail);
  return failed;
}

}  // namespace mlpipe
