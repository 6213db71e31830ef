// What a step's result depends on, described once and read twice: one sink digests the ingredients into the fingerprint,
// the other keeps them as the manifest that "why" compares. So an explanation cannot disagree with the decision.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "reuse/tree.h"
#include "store/store.h"
#include "system/blake3.h"

namespace mlpipe {

// Order and spelling are part of the fingerprint: changing them reruns every step of every user.
enum class IngredientKind {
  semantics,    // the version of our own semantics
  action,       // "command", "script", "entry script", "model"
  code,         // the code tree; key: "" for the source directory, else the hash path as written
  argument,     // the command or an argument; data appears as "${{inputs.x}}", parameters and literals by value
  parameter,    // key: name; value: of each parameter that the step uses
  input,        // key: name; the tree of what it reads, or its literal value; `below` is in the tree, not in the path
  side_input,
  output,       // key: name; its type and file name
  environment,  // key: "python version", "file requirements.txt", "package numpy"
  variable,     // key: declared environment variable
  setting,      // key: "mini_batch_size", "scoring.output", ...
  sample,       // --sample N
};
std::string_view name_of(IngredientKind kind);  // as people read it: "code", "side input"

class IngredientSink {
 public:
  virtual ~IngredientSink() = default;
  virtual void value(IngredientKind kind, std::string_view key, std::string_view value) = 0;
  virtual void tree(IngredientKind kind, std::string_view key, const Tree& tree) = 0;
};

// Sink one: the fingerprint.
class FingerprintSink final : public IngredientSink {
 public:
  void value(IngredientKind kind, std::string_view key, std::string_view value) override;
  void tree(IngredientKind kind, std::string_view key, const Tree& tree) override;
  void tree(IngredientKind kind, std::string_view key, const Digest& tree);
  Digest finish() const { return hasher_.finish(); }

 private:
  Hasher hasher_;
};

struct Ingredient {
  IngredientKind kind{};
  std::string key;
  std::string value;            // of a value
  std::optional<Digest> tree;   // of a tree: its listing is a text of the store
};

// Sink two: the manifest. Equal manifests have equal fingerprints and the other way round.
class Manifest final : public IngredientSink {
 public:
  void value(IngredientKind kind, std::string_view key, std::string_view value) override;
  void tree(IngredientKind kind, std::string_view key, const Tree& tree) override;

  const std::vector<Ingredient>& ingredients() const { return ingredients_; }
  // The trees that it names: their listings (to_text) are to be put into the store beside it.
  const std::map<Digest, Tree>& trees() const { return trees_; }

  std::string to_text() const;  // JSON
  static Result<Manifest> from_text(std::string_view text);
  // What it was made of gives this fingerprint.
  Digest fingerprint() const;

 private:
  std::vector<Ingredient> ingredients_;
  std::map<Digest, Tree> trees_;
};

// A manifest of the store, held against the fingerprint that it is named by.
Result<Manifest> read_manifest(const Store& store, const Digest& fingerprint);

}  // namespace mlpipe
