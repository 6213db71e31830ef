#include "run/publication.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>

#include "system/blake3.h"

namespace mlpipe {
namespace {

// A file output is published under the name that `publish` says, or into it when that is a folder.
Path target_of(const StepOutput& output) {
  if (output.type != DataType::file) return output.publish;
  const bool folder = output.publish_written.ends_with('/') || is_folder(output.publish);
  return folder ? output.publish / output.file : output.publish;
}

Path list_of(const Store& store, const Path& target) { return store.root() / "published" / digest_of(target.string()).short_hex(); }

std::map<std::string, Digest> digests_of(const Tree& tree) {
  std::map<std::string, Digest> digests;
  for (const TreeEntry& entry : tree.entries)
    if (!entry.path.ends_with('/')) digests.emplace(entry.path, entry.digest);
  return digests;
}

// What lies at the target now. Something unreadable counts as absent: writing there will say what is wrong.
std::map<std::string, Digest> present(const Path& target, DigestIndex& index) {
  if (!path_exists(target)) return {};
  const auto tree = scan_tree(target, {nullptr, "", &index, 1});
  return tree ? digests_of(*tree) : std::map<std::string, Digest>();
}

// Aside lies where a killed run is swept. Only across file systems it has to be beside the target.
Status replace_file(const Path& from, const Path& to, const Path& aside_folder) {
  MLPIPE_TRY_VOID(make_dirs(to.parent_path()));
  MLPIPE_TRY_VOID(make_dirs(aside_folder));
  for (const Path& aside : {aside_folder / "published", Path(fmt::format("{}.tmp-{}", to.string(), ::getpid()))}) {
    const Status copied = clone_file(from, aside);
    if (copied && ::rename(aside.c_str(), to.c_str()) == 0) return {};
    const int error_number = errno;
    (void)remove_tree(aside);
    if (!copied) return copied;
    if (error_number != EXDEV) return errno_error("write", to, error_number);
  }
  return errno_error("write", to, EXDEV);
}

// A part of a path is "" for the tree of a single file: the place is the target itself.
Path below(const Path& target, const std::string& path) { return path.empty() ? target : target / path; }

void remove_stale(const Path& list, const Path& target, const std::map<std::string, Digest>& wanted, const std::map<std::string, Digest>& there) {
  const auto text = read_file(list);
  const auto earlier = text ? tree_from_text(*text) : Result<Tree>(text.error());
  if (!earlier) return;
  for (const auto& [path, digest] : digests_of(*earlier)) {
    const auto now = there.find(path);
    const bool still_ours = now != there.end() && now->second == digest;
    if (!wanted.count(path) && still_ours) ::unlink(below(target, path).c_str());
  }
}

}  // namespace

Result<bool> publish_output(const Store& store, const StepOutput& output, const AvailableOutput& available, const Path& aside_folder,
                            DigestIndex& index) {
  const Path target = target_of(output);
  const auto wanted = digests_of(*available.tree);
  const auto there = present(target, index);
  bool wrote = false;
  for (const auto& [path, digest] : wanted) {
    const auto now = there.find(path);
    if (now != there.end() && now->second == digest) continue;
    MLPIPE_TRY_VOID(replace_file(below(available.path, path), below(target, path), aside_folder));
    wrote = true;
  }
  const Path list = list_of(store, target);
  if (wrote || !path_exists(list)) {
    remove_stale(list, target, wanted, there);
    if (output.type != DataType::file) MLPIPE_TRY_VOID(make_dirs(target));
    MLPIPE_TRY_VOID(make_dirs(list.parent_path()));
    MLPIPE_TRY_VOID(write_file(list, to_text(*available.tree)));
  }
  return wrote;
}

}  // namespace mlpipe
