#include "spec/reading/map_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "spec/yaml/loose_scalar.h"

namespace mlpipe::spec {
namespace {

constexpr double unbounded = 1e9;

std::string describe_range(const Range& range) {
  const std::string least = fmt::format("{}", range.least), most = fmt::format("{:.0f}", range.most);
  if (range.most >= unbounded && range.open_below) return fmt::format("greater than {}", least);
  if (range.most >= unbounded) return fmt::format("{} or more", least);
  if (range.open_below) return fmt::format("greater than {} and at most {}", least, most);
  return fmt::format("from {} to {}", least, most);
}

}  // namespace

MapReader::MapReader(Context& context, const Value& map, std::string owner, std::vector<std::string> known, Values values, std::string path)
    : context_(context), where_(map.where), owner_(std::move(owner)), path_(std::move(path)) {
  if (values == Values::with_parameters)
    resolve_ = [&context](const Scalar& scalar, std::string_view key) { return resolve_parameters(context, scalar, key); };
  begin(map, known);
}

MapReader::MapReader(Context& context, const Value& map, std::string owner, std::vector<std::string> known, Resolver resolve, std::string path)
    : context_(context), where_(map.where), owner_(std::move(owner)), path_(std::move(path)), resolve_(std::move(resolve)), loose_(true) {
  begin(map, known);
}

void MapReader::begin(const Value& map, const std::vector<std::string>& known) {
  if (map.node->kind != Node::Kind::map) {
    context_.error(map.where, fmt::format("{} must be a map, got {}", title(), describe(map)),
                   fmt::format("its keys: {}", join(known, ", ")));
    return;
  }
  map_ = map.node;
  tell_unknown(known);
}

void MapReader::tell_unknown(const std::vector<std::string>& known) {
  for (const Entry& entry : map_->entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    has_unknown_ = true;
    const std::string message = fmt::format("unknown key `{}` in {}", entry.key, title());
    const std::string near = loose_ ? nearest(entry.key, known) : "";
    if (loose_) context_.warning(entry.key_where, message + ": it has no effect", near.empty() ? "" : fmt::format("did you mean `{}`?", near));
    else context_.error(entry.key_where, message, context_.hint(entry.key, known));
  }
}

const Entry* MapReader::given(std::string_view key) const {
  const Entry* entry = map_ ? map_->find(key) : nullptr;
  if (!entry || entry->value.node->kind != Node::Kind::null) return entry;
  if (loose_) context_.azure_warning(entry->key_where, fmt::format("{} has no value", named(key)), "give it one, or remove the key");
  else if (!ignore_empty_) context_.error(entry->key_where, fmt::format("{} has no value", named(key)), "give it one, or remove the key");
  return nullptr;
}

Place MapReader::where_of(std::string_view key) const {
  const Entry* entry = map_ ? map_->find(key) : nullptr;
  return entry ? entry->key_where : where_;
}

std::string MapReader::title() const { return path_.empty() ? owner_ : fmt::format("`{}` of {}", path_, owner_); }

std::string MapReader::named(std::string_view key) const {
  return fmt::format("`{}{}{}` of {}", path_, path_.empty() ? "" : ".", key, owner_);
}

void MapReader::wrong_type(std::string_view key, std::string_view wanted, const Value& value) const {
  context_.error(value.where, fmt::format("{} must be {}, got {}", named(key), wanted, describe(value)));
}

void MapReader::wrong_type(std::string_view key, std::string_view wanted, const Scalar& scalar, std::string hint) const {
  context_.error(scalar.where, fmt::format("{} must be {}, got {}", named(key), wanted, describe(scalar)), std::move(hint));
}

std::optional<Scalar> MapReader::item(std::string_view key, const Value& value, std::string_view wanted) const {
  if (value.node->kind != Node::Kind::scalar) {
    wrong_type(key, wanted, value);
    return std::nullopt;
  }
  const Scalar scalar{value.node->text, value.node->is_text, value.where};
  if (resolve_) return resolve_(scalar, fmt::format("`{}`", key));
  return scalar;
}

std::optional<Scalar> MapReader::scalar(std::string_view key) const {
  const Entry* entry = given(key);
  if (!entry) return std::nullopt;
  return item(key, entry->value, "one value");
}

std::optional<Scalar> MapReader::text(std::string_view key) const {
  const Entry* entry = given(key);
  if (!entry) return std::nullopt;
  auto found = item(key, entry->value, "text");
  if (found && trim(found->text).empty()) {
    context_.error(found->where, fmt::format("{} is empty", named(key)), "give it a value, or remove the key");
    return std::nullopt;
  }
  return found;
}

bool MapReader::in_range(std::string_view key, const Scalar& scalar, double value, const Range& range) const {
  if (value <= range.most && (range.open_below ? value > range.least : value >= range.least)) return true;
  context_.error(scalar.where, fmt::format("{} must be {}, got {}", named(key), describe_range(range), scalar.text));
  return false;
}

std::optional<long long> MapReader::integer(std::string_view key, const Range& range) const {
  const auto found = scalar(key);
  if (!found) return std::nullopt;
  const auto value = as_integer(found->text);
  if (!value || (found->is_text && !loose_)) {
    const bool only_quotes = value && found->is_text;
    wrong_type(key, "an integer", *found, only_quotes ? fmt::format("write {} without quotes", found->text) : "");
    return std::nullopt;
  }
  if (!in_range(key, *found, static_cast<double>(*value), range)) return std::nullopt;
  return value;
}

std::optional<double> MapReader::checked_number(std::string_view key, const Scalar& found, const Range& range) const {
  const auto value = as_number(found.text);
  if (!value || (found.is_text && !loose_)) {
    const bool only_quotes = value && found.is_text;
    wrong_type(key, "a number", found, only_quotes ? fmt::format("write {} without quotes", found.text) : "");
    return std::nullopt;
  }
  if (!in_range(key, found, *value, range)) return std::nullopt;
  return value;
}

std::optional<double> MapReader::number(std::string_view key, const Range& range) const {
  const auto found = scalar(key);
  if (!found) return std::nullopt;
  return checked_number(key, *found, range);
}

std::optional<bool> MapReader::boolean(std::string_view key) const {
  const auto found = scalar(key);
  if (!found) return std::nullopt;
  const auto value = loose_ ? as_loose_boolean(found->text) : as_boolean(found->text);
  if (value && (loose_ || !found->is_text)) return value;
  wrong_type(key, "true or false", *found);
  return std::nullopt;
}

const std::vector<Value>* MapReader::list(std::string_view key) const {
  const Entry* entry = given(key);
  if (!entry) return nullptr;
  if (entry->value.node->kind == Node::Kind::sequence) return &entry->value.node->items;
  const bool one = entry->value.node->kind == Node::Kind::scalar;
  context_.error(entry->value.where, fmt::format("{} must be a list, got {}", named(key), describe(entry->value)),
                 one ? "write [a, b], or one `- item` a line" : "");
  return nullptr;
}

std::vector<Scalar> MapReader::texts(std::string_view key) const {
  std::vector<Scalar> found;
  const auto* items = list(key);
  if (!items) return found;
  for (const Value& value : *items)
    if (auto scalar = item(fmt::format("each item of {}", key), value, "text")) found.push_back(std::move(*scalar));
  return found;
}

std::vector<double> MapReader::numbers(std::string_view key, const Range& range) const {
  std::vector<double> found;
  const Entry* entry = given(key);
  if (!entry) return found;
  std::vector<Value> items{entry->value};
  if (entry->value.node->kind == Node::Kind::sequence) items = entry->value.node->items;
  for (const Value& value : items) {
    const auto scalar = item(key, value, "a number or a list of numbers");
    if (!scalar) continue;
    if (const auto number = checked_number(key, *scalar, range)) found.push_back(*number);
  }
  return found;
}

const Value* MapReader::map(std::string_view key) const {
  const Entry* entry = given(key);
  return entry ? &entry->value : nullptr;
}

bool MapReader::same_word(std::string_view a, std::string_view b) { return lower(a) == lower(b); }

void MapReader::unknown_word(std::string_view key, const Scalar& got, const std::vector<std::string>& words) const {
  std::string near = nearest(got.text, words);
  for (const std::string& word : words)
    if (near.empty() && got.text.size() > 1 && word.starts_with(lower(got.text))) near = word;  // int, bool
  context_.error(got.where, fmt::format("{} must be one of {}, got {}", named(key), join(words, ", "), describe(got)),
                 near.empty() ? "" : fmt::format("did you mean `{}`?", near));
}

}  // namespace mlpipe::spec
