#include "store/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "store/records.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

constexpr std::string_view format_prefix = "mlpipe store ";
constexpr int our_format = 1;
constexpr std::string_view folders[] = {"results", "objects", "texts", "last", "partial", "index", "runs", "active", "code"};

Error store_error(std::string message, std::string hint) { return {ErrorKind::store, std::move(message), std::move(hint)}; }

Error of_the_store(Error error) {
  error.kind = ErrorKind::store;
  return error;
}

Error not_ours(const Path& root) {
  return store_error(fmt::format("{} is not a store of mlpipe", shown_path(root)), "name another folder with --store, or an empty one");
}

Status check_format(const Path& root, std::string_view text) {
  const auto number = text.starts_with(format_prefix) ? parse_integer(trim(text.substr(format_prefix.size()))) : std::nullopt;
  if (!number || *number < 1) return not_ours(root);
  if (*number == our_format) return {};
  return store_error(fmt::format("the store {} has format {}, this mlpipe knows formats up to {}", shown_path(root), *number, our_format),
                     "use the mlpipe that made it, or another folder with --store");
}

// What a process that was killed while making a store may have left; no format file stands yet.
bool begun_by_us(const std::string& name) {
  if (std::find(std::begin(folders), std::end(folders), name) != std::end(folders)) return true;
  if (name == "datastores") return true;  // stand-ins for Azure's, which people fill before there is anything else
  return name == ".gitignore" || name.starts_with(".gitignore.tmp-") || name.starts_with("format.tmp-");
}

// All at once, so that publishing makes none. Looked after on every open: people do remove one to make room.
Status make_folders(const Path& root) {
  for (const std::string_view name : folders) MLPIPE_TRY_VOID(make_dirs(root / name));
  return {};
}

// The format file comes last, and syncs what is above it: where it stands, the store was made completely. Several processes
// may do this at once.
Status make_store(const Path& root) {
  MLPIPE_TRY_VOID(make_dirs(root));
  MLPIPE_TRY(const auto names, list_folder(root));
  if (!std::all_of(names.begin(), names.end(), begun_by_us)) return path_exists(root / "format") ? Status() : Status(not_ours(root));
  MLPIPE_TRY_VOID(make_folders(root));
  MLPIPE_TRY_VOID(write_file(root / ".gitignore", "*\n"));
  return write_file(root / "format", fmt::format("{}{}\n", format_prefix, our_format), Durability::synced);
}

Status check_writable(const Path& root) {
  if (::access(root.c_str(), W_OK | X_OK) == 0) return {};
  Error error = errno_error("write to the store", root);
  if (error.hint.empty()) error.hint = "make it writable, or name another folder with --store";
  return of_the_store(std::move(error));
}

}  // namespace

Result<Store> Store::open(const Path& root, Access access) {
  Store store(absolute_path(root));
  const Path format = store.root_ / "format";
  if (!path_exists(format)) {
    if (access == Access::read) return store;
    if (auto made = make_store(store.root_); !made) return of_the_store(made.error());
  }
  if (!is_file(format)) return not_ours(store.root_);  // a pipe or a device would keep us waiting
  const auto text = read_file(format);
  if (!text) return of_the_store(text.error());
  MLPIPE_TRY_VOID(check_format(store.root_, *text));
  if (access == Access::read) return store;
  MLPIPE_TRY_VOID(check_writable(store.root_));
  if (auto made = make_folders(store.root_); !made) return of_the_store(made.error());
  return store;
}

std::string Store::beside(const Path& path) const { return path.lexically_relative(root_.parent_path()).string(); }

Path Store::place_now(const Path& then, const std::string& beside) const {
  if (beside.empty()) return then;
  const Path moved = absolute_path(root_.parent_path() / beside);
  if (path_exists(moved) || (!path_exists(then.parent_path()) && is_folder(moved.parent_path()))) return moved;
  return then;
}

Path Store::object_path(const StoredOutput& output) const {
  if (output.file.empty()) return root_ / "objects" / output.tree.hex();
  return root_ / "objects" / Hasher().field("file output").field(output.file).field(output.tree.hex()).finish().hex();
}

Path Store::output_path(const StoredOutput& output) const {
  return output.file.empty() ? object_path(output) : object_path(output) / output.file;
}

Path Store::partial_path(const Digest& fingerprint) const { return root_ / "partial" / fingerprint.hex(); }

Path Store::index_path() const { return root_ / "index"; }

Path Store::copies_path() const { return root_ / "copies"; }
Path Store::downloads_path() const { return root_ / "downloads"; }
Path Store::models_path() const { return root_ / "models"; }

Path Store::published_path(const Path& target) const { return root_ / "published" / digest_of(target.string()).short_hex(); }

Path Store::run_path(const std::string& run_id) const { return root_ / "runs" / run_id; }

Path Store::result_path(const Digest& fingerprint) const { return root_ / "results" / fingerprint.hex(); }

Status Store::sync_results() const { return sync_folder(root_ / "results"); }

Path Store::text_path(const Digest& name) const { return root_ / "texts" / name.hex(); }

bool Store::renew_text(const Digest& name) const {
  const auto still = undisturbed();
  return still && has_text(name) && ::utimensat(AT_FDCWD, text_path(name).c_str(), nullptr, 0) == 0;
}

Status Store::put_text(const Digest& name, std::string_view text) const {
  if (renew_text(name)) return {};
  return write_file(text_path(name), text);
}

Result<std::string> Store::get_text(const Digest& name) const { return read_file(text_path(name)); }

bool Store::has_text(const Digest& name) const {
  // An empty one is what a power cut leaves of a file that was not synced.
  struct stat st;
  return ::stat(text_path(name).c_str(), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

}  // namespace mlpipe
