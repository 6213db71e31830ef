#include "reuse/ingredients.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "reuse/escape.h"

namespace mlpipe {
namespace {

using Json = nlohmann::json;

constexpr std::array kinds = {IngredientKind::semantics, IngredientKind::action,      IngredientKind::code,     IngredientKind::argument,
                              IngredientKind::parameter, IngredientKind::input,       IngredientKind::side_input, IngredientKind::output,
                              IngredientKind::environment, IngredientKind::variable,  IngredientKind::setting,  IngredientKind::sample};

std::optional<IngredientKind> kind_named(std::string_view name) {
  for (const IngredientKind kind : kinds)
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

// JSON has no other bytes than UTF-8; those that are not are kept exactly, under another name.
void put_bytes(Json& json, const std::string& key, const std::string& bytes) {
  if (invalid_utf8(bytes)) json[key + "_escaped"] = escape(bytes);
  else json[key] = bytes;
}

std::optional<std::string> get_bytes(const Json& json, const std::string& key) {
  const auto find = [&](const std::string& name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
  };
  if (const auto escaped = find(key + "_escaped")) return unescape(*escaped);
  return find(key);
}

Json to_json(const Ingredient& ingredient) {
  Json json = {{"kind", name_of(ingredient.kind)}};
  put_bytes(json, "key", ingredient.key);
  if (ingredient.tree) json["tree"] = ingredient.tree->hex();
  else put_bytes(json, "value", ingredient.value);
  return json;
}

std::optional<Ingredient> ingredient_of(const Json& json) {
  const auto name = json.is_object() ? get_bytes(json, "kind") : std::nullopt;
  const auto kind = name ? kind_named(*name) : std::nullopt;
  const auto key = kind ? get_bytes(json, "key") : std::nullopt;
  if (!key) return std::nullopt;
  if (const auto value = get_bytes(json, "value")) return Ingredient{*kind, *key, *value, std::nullopt};
  const auto tree = get_bytes(json, "tree");
  const auto digest = tree ? Digest::parse(*tree) : std::nullopt;
  if (!digest) return std::nullopt;
  return Ingredient{*kind, *key, "", digest};
}

Error damaged() { return {ErrorKind::store, "the manifest of a step is damaged or was written by a newer mlpipe", {}}; }

}  // namespace

std::string_view name_of(IngredientKind kind) {
  switch (kind) {
    case IngredientKind::semantics: return "semantics";
    case IngredientKind::action: return "action";
    case IngredientKind::code: return "code";
    case IngredientKind::argument: return "argument";
    case IngredientKind::parameter: return "parameter";
    case IngredientKind::input: return "input";
    case IngredientKind::side_input: return "side input";
    case IngredientKind::output: return "output";
    case IngredientKind::environment: return "environment";
    case IngredientKind::variable: return "variable";
    case IngredientKind::setting: return "setting";
    case IngredientKind::sample: return "sample";
  }
  return "";
}

void FingerprintSink::value(IngredientKind kind, std::string_view key, std::string_view value) {
  hasher_.field("value").field(name_of(kind)).field(key).field(value);
}

void FingerprintSink::tree(IngredientKind kind, std::string_view key, const Tree& tree) { this->tree(kind, key, tree.digest); }

void FingerprintSink::tree(IngredientKind kind, std::string_view key, const Digest& tree) {
  hasher_.field("tree").field(name_of(kind)).field(key).bytes(tree.bytes.data(), tree.bytes.size());
}

Digest Manifest::fingerprint() const {
  FingerprintSink sink;
  for (const Ingredient& each : ingredients_) {
    if (each.tree) sink.tree(each.kind, each.key, *each.tree);
    else sink.value(each.kind, each.key, each.value);
  }
  return sink.finish();
}

Result<Manifest> read_manifest(const Store& store, const Digest& fingerprint) {
  MLPIPE_TRY(const std::string text, store.get_text(fingerprint));
  MLPIPE_TRY(Manifest manifest, Manifest::from_text(text));
  return manifest.fingerprint() == fingerprint ? Result<Manifest>(std::move(manifest)) : damaged();
}

void Manifest::value(IngredientKind kind, std::string_view key, std::string_view value) {
  ingredients_.push_back({kind, std::string(key), std::string(value), std::nullopt});
}

void Manifest::tree(IngredientKind kind, std::string_view key, const Tree& tree) {
  ingredients_.push_back({kind, std::string(key), "", tree.digest});
  trees_.emplace(tree.digest, tree);
}

std::string Manifest::to_text() const {
  Json list = Json::array();
  for (const Ingredient& ingredient : ingredients_) list.push_back(to_json(ingredient));
  return Json{{"manifest", 1}, {"ingredients", std::move(list)}}.dump() + "\n";
}

Result<Manifest> Manifest::from_text(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("ingredients") || json.value("manifest", Json()) != 1) return damaged();
  Manifest manifest;
  for (const Json& each : json["ingredients"]) {
    auto ingredient = ingredient_of(each);
    if (!ingredient) return damaged();
    manifest.ingredients_.push_back(std::move(*ingredient));
  }
  return manifest;
}

}  // namespace mlpipe
