#include "reuse/code_trees.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "reuse/scan.h"
#include "system/blake3.h"
#include "system/file_digest.h"

namespace mlpipe::code_trees {
namespace {

constexpr std::string_view magic = "mlpipe code 1\n";
constexpr std::size_t header_size = magic.size() + sizeof(Digest::bytes);

Path pack_path(const Store& store, const Digest& tree) { return store.root() / "code" / "trees" / tree.hex(); }
Path large_path(const Store& store, const Digest& file) { return store.root() / "code" / "files" / file.hex(); }

bool is_folder_entry(const TreeEntry& entry) { return entry.path.ends_with('/'); }
bool is_small(const TreeEntry& entry) { return !is_folder_entry(entry) && entry.size <= largest_small_file; }
bool is_large(const TreeEntry& entry) { return !is_folder_entry(entry) && entry.size > largest_small_file; }

std::uint64_t pack_size(const Tree& tree) {
  std::uint64_t size = header_size;
  for (const TreeEntry& entry : tree.entries())
    if (is_small(entry)) size += entry.size;
  return size;
}

bool has_size(const Path& path, std::uint64_t size) {
  struct stat st;
  return ::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && static_cast<std::uint64_t>(st.st_size) == size;
}

// What is damaged goes, so that it is kept anew.
Error damaged(const Path& path) {
  ::unlink(path.c_str());
  return {ErrorKind::store, fmt::format("the kept code {} is damaged", shown_path(path)), "the next run of that code keeps it again"};
}

// Whether it is there, and then marked as used: what will name it may not be recorded yet.
bool renew(const Store& store, const Path& path, std::uint64_t size) {
  const auto still = store.undisturbed();
  return still && has_size(path, size) && ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0;
}

std::string aside(const Path& path) {
  static std::atomic<int> count = 0;
  return fmt::format("{}.tmp-{}-{}", path.string(), process_mark(), count++);
}

Error changed_meanwhile(const Path& path) {
  return {ErrorKind::step_failed, fmt::format("{} changed while it was kept", shown_path(path)), "run it again when nothing writes to it"};
}

Status append_small(const Path& file, const TreeEntry& entry, std::string& pack) {
  MLPIPE_TRY(const Fd fd, open_file(file, O_RDONLY));
  const std::size_t start = pack.size();
  pack.resize(start + entry.size);
  MLPIPE_TRY(const std::size_t got, read_at(fd.get(), 0, pack.data() + start, entry.size, file));
  if (got != entry.size || digest_of(std::string_view(pack).substr(start)) != entry.digest) return changed_meanwhile(file);
  return {};
}

Status keep_large(const Store& store, const Path& file, const TreeEntry& entry) {
  const Path target = large_path(store, entry.digest), copy = aside(target);
  if (renew(store, target, entry.size)) return {};
  const auto kept = [&]() -> Status {
    MLPIPE_TRY_VOID(clone_file(file, copy));
    MLPIPE_TRY(const Digest digest, digest_file(copy));
    if (digest != entry.digest) return changed_meanwhile(file);
    return rename_path(copy, target);
  }();
  if (!kept) (void)remove_tree(copy);
  return kept;
}

// Contents that are kept already, so that of a tree with one changed file one file is read.
class KeptContents {
 public:
  KeptContents(const Store& store, const std::optional<Digest>& tree);
  std::optional<std::string_view> find(const Digest& content) const;

 private:
  std::string pack_;
  std::map<Digest, std::string_view> contents_;
};

Status write_pack(const Store& store, const Tree& tree, const Path& folder, const KeptContents& kept) {
  std::string pack(magic);
  pack.reserve(pack_size(tree));
  pack.append(sizeof(Digest::bytes), '\0');
  for (const TreeEntry& entry : tree.entries()) {
    if (!is_small(entry)) continue;
    if (const auto content = kept.find(entry.digest)) pack += *content;
    else MLPIPE_TRY_VOID(append_small(folder / entry.path, entry, pack));
  }
  const Digest checksum = digest_of(std::string_view(pack).substr(header_size));
  std::copy(checksum.bytes.begin(), checksum.bytes.end(), pack.begin() + magic.size());
  return write_file(pack_path(store, tree.digest), pack);
}

bool is_whole(std::string_view pack) {
  if (pack.size() < header_size || !pack.starts_with(magic)) return false;
  const Digest checksum = digest_of(pack.substr(header_size));
  return std::equal(checksum.bytes.begin(), checksum.bytes.end(), pack.begin() + magic.size(),
                    [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
}

Result<std::string> read_pack(const Store& store, const Tree& tree) {
  const Path path = pack_path(store, tree.digest);
  MLPIPE_TRY(std::string pack, mlpipe::read_file(path));
  if (pack.size() != pack_size(tree) || !is_whole(pack)) return damaged(path);
  return pack;
}

KeptContents::KeptContents(const Store& store, const std::optional<Digest>& digest) {
  const auto tree = digest ? listing(store, *digest) : Result<Tree>(Error{});
  auto pack = tree ? read_pack(store, *tree) : Result<std::string>(Error{});
  if (!pack) return;
  pack_ = pack.take();
  std::size_t offset = header_size;
  for (const TreeEntry& entry : tree->entries()) {
    if (!is_small(entry)) continue;
    contents_.emplace(entry.digest, std::string_view(pack_).substr(offset, entry.size));
    offset += entry.size;
  }
}

std::optional<std::string_view> KeptContents::find(const Digest& content) const {
  const auto found = contents_.find(content);
  return found == contents_.end() ? std::nullopt : std::optional(found->second);
}

// Nothing that a listing says may lead out of the folder it is restored to.
bool stays_inside(const std::string& path) {
  const Path relative(path);
  return !path.empty() && path[0] != '/' && std::find(relative.begin(), relative.end(), "..") == relative.end();
}

Status restore_file(const Store& store, const TreeEntry& entry, std::string_view small, const Path& target) {
  if (is_small(entry)) {
    if (digest_of(small) != entry.digest) return damaged(target);
    MLPIPE_TRY_VOID(write_file(target, small));
  } else {
    const Path kept = large_path(store, entry.digest);
    MLPIPE_TRY(const Digest digest, digest_file(kept));
    if (digest != entry.digest) return damaged(kept);
    MLPIPE_TRY_VOID(clone_file(kept, target));
  }
  const mode_t mode = entry.executable ? 0755 : 0644;
  return ::chmod(target.c_str(), mode) == 0 ? Status() : errno_error("make executable", target);
}

}  // namespace

bool is_whole(const Store& store, const std::string& name) {
  const Path path = store.root() / name;
  if (path.parent_path() == store.root() / "code" / "trees") {
    const auto pack = mlpipe::read_file(path);
    return pack && is_whole(*pack);
  }
  const auto digest = digest_file(path);
  return digest && digest->hex() == path.filename().string();
}

bool is_kept(const Store& store, const Digest& tree) { return path_exists(pack_path(store, tree)); }

Status keep(const Store& store, const Tree& tree, const Path& folder, const std::optional<Digest>& earlier) {
  if (renew(store, pack_path(store, tree.digest), pack_size(tree)) && read_pack(store, tree)) return {};
  for (const char* name : {"trees", "files"}) MLPIPE_TRY_VOID(make_dirs(store.root() / "code" / name));
  MLPIPE_TRY_VOID(store.put_text(tree.digest, to_text(tree)));
  for (const TreeEntry& entry : tree.entries())
    if (is_large(entry)) MLPIPE_TRY_VOID(keep_large(store, folder / entry.path, entry));
  return write_pack(store, tree, folder, KeptContents(store, earlier));  // last: where it stands, all of the tree does
}

Result<Tree> listing(const Store& store, const Digest& tree) {
  const auto text = store.get_text(tree);
  if (!text || !is_kept(store, tree))
    return Error{ErrorKind::store, fmt::format("the code tree {} is not kept in {}", tree.short_hex(), shown_path(store.root())),
                 "runs of an older mlpipe kept no code, and `mlpipe gc` may have removed it"};
  auto listed = tree_from_text(*text);
  if (!listed || listed->digest != tree) return damaged(store.root() / "texts" / tree.hex());
  return listed;
}

Result<std::string> read_file(const Store& store, const Tree& tree, std::string_view path) {
  std::uint64_t offset = header_size;
  for (const TreeEntry& entry : tree.entries()) {
    if (entry.path != path) {
      offset += is_small(entry) ? entry.size : 0;
      continue;
    }
    const Path place = is_small(entry) ? pack_path(store, tree.digest) : large_path(store, entry.digest);
    MLPIPE_TRY(const Fd fd, open_file(place, O_RDONLY));
    std::string bytes(entry.size, '\0');
    MLPIPE_TRY(const std::size_t got, read_at(fd.get(), is_small(entry) ? offset : 0, bytes.data(), bytes.size(), place));
    const auto digest = is_small(entry) ? Result<Digest>(digest_of(bytes)) : digest_content(fd.get(), entry.size, place);
    if (got != bytes.size() || !digest || *digest != entry.digest) return damaged(place);
    return bytes;
  }
  return Error{ErrorKind::store, fmt::format("the code tree {} has no file {}", tree.digest.short_hex(), path), {}};
}

Status restore(const Store& store, const Digest& digest, const Path& target) {
  MLPIPE_TRY(const Tree tree, listing(store, digest));
  MLPIPE_TRY(const std::string pack, read_pack(store, tree));
  MLPIPE_TRY_VOID(make_dirs(target));
  std::size_t offset = header_size;
  for (const TreeEntry& entry : tree.entries()) {
    if (!stays_inside(entry.path)) return damaged(store.root() / "texts" / digest.hex());
    const Path place = target / entry.path;
    MLPIPE_TRY_VOID(make_dirs(is_folder_entry(entry) ? place : place.parent_path()));
    if (is_folder_entry(entry)) continue;
    const std::size_t size = is_small(entry) ? entry.size : 0;
    MLPIPE_TRY_VOID(restore_file(store, entry, std::string_view(pack).substr(offset, size), place));
    offset += size;
  }
  return {};
}

Result<Path> checkout(const Store& store, const Digest& tree, DigestIndex& index) {
  const Path place = store.root() / "code" / "checkouts" / tree.hex();
  if (path_exists(place))
    if (const auto there = scan_tree(place, {nullptr, "", &index, 1}); there && there->digest == tree && ::utimensat(AT_FDCWD, place.c_str(), nullptr, 0) == 0) return place;
  const Path copy = aside(place);
  const auto restored = restore(store, tree, copy);
  if (!restored) {
    (void)remove_tree(copy);
    return restored.error();
  }
  MLPIPE_TRY_VOID(remove_tree(place));
  const auto renamed = rename_path(copy, place);
  if (!renamed) (void)remove_tree(copy);
  // Another process may have put it there meanwhile, which is as well.
  if (!renamed && !is_folder(place)) return renamed.error();
  return place;
}

}  // namespace mlpipe::code_trees
