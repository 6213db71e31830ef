#include "run/publication.h"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <set>


namespace mlpipe {
namespace {

// A file output is published under the name that `publish` says, or into it when that is a folder.
Path target_of(const StepOutput& output) {
  if (output.type != DataType::file) return output.publish;
  const bool folder = output.publish_written.ends_with('/') || is_folder(output.publish);
  return folder ? output.publish / output.file : output.publish;
}

std::map<std::string, Digest> digests_of(const Tree& tree) {
  std::map<std::string, Digest> digests;
  for (const TreeEntry& entry : tree.entries())
    if (!entry.path.ends_with('/')) digests.emplace(entry.path, entry.digest);
  return digests;
}

using Digests = std::map<std::string, Digest>;

// What lies at the target now, where we are about to write or put something once.
Result<Digests> present(const Path& target, const Digests& wanted, const Digests& ours, DigestIndex& index) {
  if (!path_exists(target)) return Digests();
  std::set<std::string> places;
  for (const Digests* digests : {&wanted, &ours})
    for (const auto& [path, digest] : *digests) places.insert(path);
  MLPIPE_TRY(const Tree tree, scan_tree(target, {nullptr, "", &index, 1, &places}));
  return digests_of(tree);
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

// What the last publication put there.
Digests listed(const Path& list) {
  const auto text = read_file(list);
  const auto tree = text ? tree_from_text(*text) : Result<Tree>(text.error());
  return tree ? digests_of(*tree) : Digests();
}

bool same(const Digests& digests, const std::string& path, const Digest& digest) {
  const auto found = digests.find(path);
  return found != digests.end() && found->second == digest;
}

Status keep_replaced(const Path& target, const std::string& path, const Path& folder, Published& published) {
  const Path kept = path.empty() ? folder / target.filename() : folder / path;
  MLPIPE_TRY_VOID(make_dirs(kept.parent_path()));
  MLPIPE_TRY_VOID(clone_file(below(target, path), kept));
  published.replaced.push_back(path);
  published.replaced_folder = folder;
  return {};
}

Status refuse_store(const Store& store, const Path& target) {
  std::error_code failed;
  const Path real = std::filesystem::weakly_canonical(target, failed), root = std::filesystem::weakly_canonical(store.root(), failed);
  const auto [end, rest] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  const bool into_datastore = rest != real.end() && *rest == "datastores";  // stand-ins for Azure's, which lie there unless they are mapped
  if (end != root.end() || into_datastore) return {};
  return Error{ErrorKind::step_failed, fmt::format("{} leads into the store {}", shown_path(target), shown_path(root)), "publish to a place of its own"};
}

}  // namespace

Result<Published> publish_output(const Store& store, const StepOutput& output, const AvailableOutput& available, const PublicationFolders& folders,
                                 DigestIndex& index) {
  const Path target = target_of(output);
  MLPIPE_TRY_VOID(refuse_store(store, target));
  const Path list = store.published_path(target);
  const Digests wanted = digests_of(*available.tree), ours = listed(list);
  MLPIPE_TRY(const Digests there, present(target, wanted, ours, index));
  Published published;
  for (const auto& [path, digest] : wanted) {
    const auto now = there.find(path);
    if (now != there.end() && now->second == digest) continue;
    if (now != there.end() && !same(ours, path, now->second)) MLPIPE_TRY_VOID(keep_replaced(target, path, folders.replaced, published));
    MLPIPE_TRY_VOID(replace_file(below(available.path, path), below(target, path), folders.aside));
    published.changed = true;
  }
  for (const auto& [path, digest] : ours)
    if (!wanted.count(path) && same(there, path, digest)) ::unlink(below(target, path).c_str());
  if (output.type != DataType::file) MLPIPE_TRY_VOID(make_dirs(target));
  const std::string listing = to_text(*available.tree);
  if (const auto text = read_file(list); !text || *text != listing) {
    MLPIPE_TRY_VOID(make_dirs(list.parent_path()));
    MLPIPE_TRY_VOID(write_file(list, listing));
  }
  return published;
}

}  // namespace mlpipe
