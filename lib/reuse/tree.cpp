#include "reuse/tree.h"

#include <sys/stat.h>

#include "reuse/hash_files.h"
#include "reuse/walk.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

using Known = RootIndex::Known;

// Scans of one root by different patterns must not throw each other's digests away.
Path index_key(const Path& root, const std::string& pattern) {
  const Path whole = absolute_path(root);
  return pattern.empty() ? whole : Path(whole.native() + "\n" + pattern);
}

TreeEntry entry_of(FoundFile&& file, const Digest& digest) {
  return {std::move(file.path), file.key.size, (file.key.mode & S_IXUSR) != 0, digest};
}

// A digest for each file: a known one, or that of its content.
Result<std::vector<Known>> digests_of(const Path& root, std::vector<FoundFile>& files, RootIndex& index, std::int64_t now, int threads) {
  std::vector<Known> digests(files.size());
  std::vector<HashJob> jobs;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].is_folder()) continue;
    if (const auto known = index.find(files[i].path, files[i].key)) digests[i] = *known;
    else jobs.push_back({&files[i], {}});
  }
  MLPIPE_TRY_VOID(hash_files(root, jobs, threads));
  for (const HashJob& job : jobs) digests[static_cast<std::size_t>(job.file - files.data())] = {now, job.digest};
  return digests;
}

}  // namespace

Result<Tree> scan_tree(const Path& root, const ScanOptions& options) {
  const std::int64_t now = options.index ? options.index->now_ns() : 0;
  MLPIPE_TRY(Found found, walk(root, options.ignore, options.pattern, options.only));
  const Path key = options.index ? index_key(root, options.pattern) : Path();
  RootIndex index = options.index ? options.index->load(key) : RootIndex();
  MLPIPE_TRY(const auto digests, digests_of(root, found.files, index, now, options.threads));
  std::vector<TreeEntry> entries;
  entries.reserve(found.files.size());
  for (std::size_t i = 0; i < found.files.size(); ++i) {
    FoundFile& file = found.files[i];
    if (options.index && !file.is_folder()) index.put(file.path, file.key, digests[i]);
    entries.push_back(entry_of(std::move(file), digests[i].digest));
  }
  if (options.index) options.index->save(key, std::move(index));
  return make_tree(std::move(entries), found.is_file);
}

Tree make_tree(std::vector<TreeEntry> entries, bool is_file) {
  Tree tree{std::move(entries), {}, 0, is_file};
  Hasher hasher;
  hasher.field("mlpipe tree 1").field(is_file ? "file" : "folder").number(tree.entries.size());
  for (const TreeEntry& entry : tree.entries) {
    hasher.field(entry.path).number(entry.size).number(entry.executable ? 1 : 0);
    hasher.bytes(entry.digest.bytes.data(), entry.digest.bytes.size());
    tree.bytes += entry.size;
  }
  tree.digest = hasher.finish();
  return tree;
}

std::vector<TreeChange> compare(const Tree& before, const Tree& after) {
  using enum TreeChange::Kind;
  std::vector<TreeChange> changes;
  auto old = before.entries.begin();
  auto now = after.entries.begin();
  while (old != before.entries.end() || now != after.entries.end()) {
    const bool only_old = now == after.entries.end() || (old != before.entries.end() && old->path < now->path);
    const bool only_now = old == before.entries.end() || (now != after.entries.end() && now->path < old->path);
    if (only_old) changes.push_back({removed, old->path, old->digest, {}});
    else if (only_now) changes.push_back({added, now->path, {}, now->digest});
    else if (*old != *now) changes.push_back({changed, old->path, old->digest, now->digest});
    if (!only_now) ++old;
    if (!only_old) ++now;
  }
  return changes;
}

}  // namespace mlpipe
