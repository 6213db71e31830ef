// Reads the keys of one map: unknown keys, wrong types and values out of range become mistakes where they stand.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/reading/context.h"
#include "spec/reading/expression.h"

namespace mlpipe::spec {

// A range of numbers and how a message says it.
struct Range {
  double least;
  double most;
  bool open_below = false;  // least itself is not in it
};

class MapReader {
 public:
  // What a scalar may be besides itself.
  enum class Values { plain, with_parameters };

  // Messages speak of "`timeout` of step `train`": `owner` is the last part, `path` what stands between ("resources").
  // A value that is no map is reported.
  MapReader(Context& context, const Value& map, std::string owner, std::vector<std::string> known, Values values = Values::plain,
            std::string path = {});

  // How Azure's YAML is read, which is looser than ours: unknown keys are only warned about, a key without a value counts as absent,
  // numbers and truths may be quoted, yes and no are truths, and `resolve` puts values in the place of expressions. Nothing from
  // `resolve`: a mistake, which is reported.
  using Resolver = std::function<std::optional<Scalar>(const Scalar&, std::string_view key)>;
  MapReader(Context& context, const Value& map, std::string owner, std::vector<std::string> known, Resolver resolve, std::string path = {});

  bool valid() const { return map_ != nullptr; }
  const std::string& owner() const { return owner_; }
  std::string title() const;  // the map itself: "`resources` of step `train`"
  Context& context() const { return context_; }
  const Place& where() const { return where_; }
  // A key without a value counts as absent instead of being a mistake: files that a program wrote have such keys.
  void ignore_empty() { ignore_empty_ = true; }

  // A key was not known: what seems to be missing may be misspelt.
  bool has_unknown() const { return has_unknown_; }
  bool has(std::string_view key) const { return map_ && map_->find(key); }
  Place where_of(std::string_view key) const;  // of the key itself
  // The entry, whatever its value; nothing when the key is absent or has no value (which is reported).
  const Entry* given(std::string_view key) const;

  std::optional<Scalar> scalar(std::string_view key) const;
  std::optional<Scalar> text(std::string_view key) const;  // not empty
  std::optional<long long> integer(std::string_view key, const Range& range) const;
  std::optional<double> number(std::string_view key, const Range& range) const;
  std::optional<bool> boolean(std::string_view key) const;
  // The items of a list; a value that is no list is reported.
  const std::vector<Value>* list(std::string_view key) const;
  std::vector<Scalar> texts(std::string_view key) const;  // of a list of scalars
  std::vector<double> numbers(std::string_view key, const Range& range) const;  // of a list of numbers, or one number
  const Value* map(std::string_view key) const;

  // One of a few words, whatever their case.
  template <class T>
  std::optional<T> choice(std::string_view key, const std::vector<std::pair<std::string, T>>& words) const {
    const auto chosen = scalar(key);
    if (!chosen) return std::nullopt;
    for (const auto& [word, value] : words)
      if (same_word(chosen->text, word)) return value;
    std::vector<std::string> names;
    for (const auto& entry : words) names.push_back(entry.first);
    unknown_word(key, *chosen, names);
    return std::nullopt;
  }

  // Reports that `key` must be `wanted` but is `value`.
  void wrong_type(std::string_view key, std::string_view wanted, const Value& value) const;
  void wrong_type(std::string_view key, std::string_view wanted, const Scalar& scalar, std::string hint = {}) const;
  std::string named(std::string_view key) const;  // "`timeout` of step `train`"

 private:
  static bool same_word(std::string_view a, std::string_view b);
  void unknown_word(std::string_view key, const Scalar& got, const std::vector<std::string>& words) const;
  void begin(const Value& map, const std::vector<std::string>& known);
  void tell_unknown(const std::vector<std::string>& known);
  std::optional<Scalar> item(std::string_view key, const Value& value, std::string_view wanted) const;
  std::optional<double> checked_number(std::string_view key, const Scalar& scalar, const Range& range) const;
  bool in_range(std::string_view key, const Scalar& scalar, double value, const Range& range) const;

  Context& context_;
  const Node* map_ = nullptr;
  Place where_;
  std::string owner_, path_;
  Resolver resolve_;
  bool loose_ = false;
  bool ignore_empty_ = false;
  bool has_unknown_ = false;
};

}  // namespace mlpipe::spec
