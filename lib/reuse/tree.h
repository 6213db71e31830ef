// The content of a folder or file: every file's path, size, executable bit and digest, and one digest over them all.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "reuse/digest_index.h"
#include "reuse/ignore.h"
#include "system/files.h"

namespace mlpipe {

struct TreeEntry {
  std::string path;  // relative, '/' between parts, any bytes; an empty folder ends with '/'; "" when the tree is one file
  std::uint64_t size = 0;
  bool executable = false;
  Digest digest;

  friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

struct Tree {
  std::vector<TreeEntry> entries;  // sorted bytewise by path
  Digest digest;                   // over the entries; of no absolute path, no time, no owner
  std::uint64_t bytes = 0;
  bool is_file = false;            // the name of a single file is not part of its digest
};

// Sorts nothing: entries are in bytewise order of their paths.
Tree make_tree(std::vector<TreeEntry> entries, bool is_file);

// Reads `root` (a folder or a file). Links are followed; a loop of links, an unreadable or vanished file, a pipe, socket or
// device and a file that changes while it is read are errors. Stores of mlpipe below root do not count.
// Content decides: with an index, a file whose stat data is known and old enough is not read. Threads hash in parallel.
// With a pattern (PipelineInput::pattern) only files below root that match it count, and no empty folder does.
struct ScanOptions {
  const IgnoreRules* ignore = nullptr;
  std::string pattern;
  DigestIndex* index = nullptr;
  int threads = 1;
  const std::set<std::string>* only = nullptr;  // paths of files: what else lies there is not even looked at
};
Result<Tree> scan_tree(const Path& root, const ScanOptions& options = {});

// What lies at `below` ("test", "a/b.csv") inside a folder's tree, as scanning it alone would give it. Error: nothing is there.
Result<Tree> subtree(const Tree& whole, std::string_view below);

// The entry at a path, or null.
const TreeEntry* entry_at(const Tree& tree, std::string_view path);

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
