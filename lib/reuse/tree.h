// The content of a folder or file: every file's path, size, executable bit and digest, and one digest over them all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "system/blake3.h"

namespace mlpipe {

struct TreeEntry {
  std::string path;  // relative, '/' between parts, any bytes; an empty folder ends with '/'; "" when the tree is one file
  std::uint64_t size = 0;
  bool executable = false;
  Digest digest;

  friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

// The entries of a tree, kept in a form that is smaller or was at hand.
class EntrySource {
 public:
  virtual ~EntrySource() = default;
  virtual std::vector<TreeEntry> entries() const = 0;
};

struct TreeTotals {
  Digest digest;               // over the entries; of no absolute path, no time, no owner
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;     // of entries
  bool is_file = false;        // the name of a single file is not part of its digest
};

// Cheap to copy. Its entries are made when they are first asked for, by one thread: mostly only the digest is needed.
class Tree : public TreeTotals {
 public:
  Tree() = default;
  Tree(TreeTotals totals, std::shared_ptr<const EntrySource> source) : TreeTotals(totals), source_(std::move(source)) {}
  Tree(TreeTotals totals, std::vector<TreeEntry> entries)
      : TreeTotals(totals), entries_(std::make_shared<const std::vector<TreeEntry>>(std::move(entries))) {}

  const std::vector<TreeEntry>& entries() const;  // sorted bytewise by path

 private:
  std::shared_ptr<const EntrySource> source_;
  mutable std::shared_ptr<const std::vector<TreeEntry>> entries_;
};

// The totals of entries that come one by one, in bytewise order of their paths.
class TreeHasher {
 public:
  TreeHasher(std::uint64_t count, bool is_file);
  void add(std::string_view folder, std::string_view name, std::uint64_t size, bool executable, const Digest& digest);
  TreeTotals finish();

 private:
  void number(std::uint64_t value);

  Hasher hasher_;
  std::string waiting_;  // many small pieces are hashed quicker in large ones
  TreeTotals totals_;
};

// Sorts nothing: entries are in bytewise order of their paths.
Tree make_tree(std::vector<TreeEntry> entries, bool is_file);

// What lies at `below` ("test", "a/b.csv") inside a folder's tree, as scanning it alone would give it. Error: nothing is there.
Result<Tree> subtree(const Tree& whole, std::string_view below);

// A listing that people can read ("<hex> <size> <x|-> <escaped path>\n" a line) and its exact inverse.
std::string to_text(const Tree& tree);
Result<Tree> tree_from_text(std::string_view text);

// What changed from one to the other, by path.
struct TreeChange {
  enum class Kind { added, removed, changed } kind = Kind::changed;
  std::string path;
  Digest before, after;  // zero where there is none
};
std::vector<TreeChange> compare(const Tree& before, const Tree& after);

}  // namespace mlpipe
