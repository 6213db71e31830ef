// A YAML file as a tree that knows where each value stands. Made by yaml.cpp; everything above reads it.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace mlpipe::spec {

struct Document;

// A place in a document, as in Location but without a copy of the file's name. Line 0: the document as a whole.
struct Place {
  const Document* document = nullptr;
  int line = 0;
  int column = 0;
  int length = 1;
};

struct Node;

// A use of a node. Aliases share the node of their anchor, and have a place of their own.
struct Value {
  const Node* node = nullptr;
  Place where;
};

struct Entry {
  std::string key;
  Place key_where;
  Value value;
};

struct Node {
  enum class Kind { null, scalar, sequence, map };

  Kind kind = Kind::null;
  bool is_text = false;        // a scalar that is text whatever it looks like: quoted, a block, or tagged !!str
  std::string text;            // of a scalar
  std::vector<Value> items;    // of a sequence
  std::vector<Entry> entries;  // of a map, in file order, keys are unique

  const Entry* find(std::string_view key) const;
};

// Owns the text and the nodes; Places and Values point into it, so it stays where it is.
struct Document {
  std::string file;  // as diagnostics show it
  std::string directory;  // absolute, that the file is in; empty: it is an option
  std::string text;  // without a byte order mark
  std::vector<std::size_t> line_starts;
  std::deque<Node> nodes;
  Value root;  // without a node: nothing could be read

  Document() = default;
  Document(const Document&) = delete;

  Node& add(Node::Kind kind);
  // The text from `place` on; empty for places that are not in the text.
  std::string_view from(const Place& place) const;
  std::size_t offset(const Place& place) const;
  Place place_of(std::size_t offset, std::size_t length) const;
};

Location location(const Place& place);

}  // namespace mlpipe::spec
