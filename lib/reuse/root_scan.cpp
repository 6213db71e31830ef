#include "reuse/root_scan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "system/event_loop.h"
#include "system/file_digest.h"

namespace mlpipe {
namespace {

constexpr std::size_t deepest = 200;
constexpr int most_reads = 3;              // of a file that changes meanwhile
constexpr std::uint64_t checked_at_once = 2048;
constexpr std::size_t read_in_one_task = 64;
constexpr std::uint64_t shared_from = 2 * digest_chunk;  // smaller files are read by one thread

std::atomic<std::uint64_t> read_count = 0;

// Scans of one root by different patterns must not throw each other's digests away.
Path index_key(const Path& root, const std::string& pattern) {
  const Path whole = absolute_path(root);
  return pattern.empty() ? whole : Path(whole.native() + "\n" + pattern);
}

Error keeps_changing(const Path& path) {
  return {ErrorKind::step_failed, fmt::format("{} changes while it is read", shown_path(path)), "run again when nothing writes to it"};
}

// A file may have become a pipe meanwhile: never wait for its writer.
constexpr int reading = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

Result<StatKey> stat_file(int fd, const Path& path) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return errno_error("read", path);
  if (!S_ISREG(st.st_mode)) return special_file_error(path, st.st_mode);
  return StatKey::of(st);
}

}  // namespace

std::uint64_t files_read() { return read_count; }

struct RootScan::Folder {
  struct Item {
    std::string name;  // a folder's ends with '/'
    StatKey key;
    Digest digest;
    bool settled = false;
  };

  std::string prefix;  // "" or "a/b/"
  const Folder* above = nullptr;
  std::size_t depth = 0;
  StatKey key;
  bool settled = false, trusted = false;
  bool skipped = false;  // it is a store
  std::vector<Item> items;
  std::vector<std::unique_ptr<Folder>> folders;  // in the order of their items
};

// A file whose chunks are digested by several threads; the last of them finishes it.
struct RootScan::LargeFile {
  Fd file;
  Path path;
  StatKey before;
  Folder* folder;
  std::size_t item;
  std::vector<Digest> chunks;
  std::atomic<std::size_t> left;
  std::atomic<bool> torn = false;  // cut short while it was read
};

RootScan::RootScan(const ScanRequest& request)
    : request_(request), filter_(request.options), options_(filter_.digest()) {
  if (!request.options.index) return;
  key_ = index_key(request.root, request.options.pattern);
  now_ns_ = request.options.index->now_ns();
}

RootScan::~RootScan() = default;

void RootScan::load() {
  if (!request_.options.index || request_.options.verify) return;
  auto index = request_.options.index->load(key_);
  if (!index) return;
  known_ = std::make_shared<RootIndex>(std::move(*index));
  folder_changed_ = Flags(known_->folder_count());
  item_changed_ = Flags(known_->item_count());
  changed_ = known_->options() != options_;
}

void RootScan::add_checks(WorkQueue& queue) {
  if (!known_) return;
  for (std::size_t i = 0; i < known_->folder_count(); ++i) {
    const RootIndex::Folder folder = known_->folder(i);
    for (std::uint64_t first = 0; first == 0 || first < folder.count; first += checked_at_once)
      queue.add([this, i, first, count = std::min(checked_at_once, folder.count - first)] { check(i, first, count); });
  }
  if (known_->folder_count() > 0) return;
  const bool same = known_->item_count() == 1 && same_item(known_->item(0), AT_FDCWD, known_->item(0).key.device);
  item_changed_.at(0) = !same;
  if (!same) changed_ = true;
}

void RootScan::check(std::size_t number, std::uint64_t first, std::uint64_t count) {
  const RootIndex::Folder folder = known_->folder(number);
  const Path path = request_.root / known_->path(folder);
  const Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const bool same = fd && same_folder(folder, fd.get());
  if (!same) folder_changed_[number] = changed_ = true;
  for (std::uint64_t i = folder.first + first; i < folder.first + first + count; ++i) {
    const RootIndex::Item item = known_->item(i);
    if (item.is_folder || (fd && same_item(item, fd.get(), folder.key.device))) continue;
    item_changed_[i] = changed_ = true;
    if (known_->name(item) == "format") folder_changed_[number] = true;  // it may say now that the folder is a store
  }
}

bool RootScan::same_folder(const RootIndex::Folder& known, int fd) {
  struct stat st;
  return ::fstat(fd, &st) == 0 && known.settled && StatKey::of(st) == known.key && trusted_.on(st.st_dev, fd);
}

bool RootScan::same_item(const RootIndex::Item& known, int fd, std::uint64_t device) {
  struct stat st;
  std::string name(known_->name(known));
  const char* const path = name.empty() ? request_.root.c_str() : name.c_str();
  if (!known.settled || ::fstatat(fd, path, &st, 0) != 0 || StatKey::of(st) != known.key) return false;
  if (st.st_dev == device && fd != AT_FDCWD) return true;  // the folder's
  const Fd file(::openat(fd, path, reading));
  return file && trusted_.on(st.st_dev, file.get());
}

void RootScan::add_reading(WorkQueue& queue) {
  if (!changed_) return;
  if (const Status begun = begin_reading(queue); !begun) fail(request_.root, begun.error());
}

Status RootScan::begin_reading(WorkQueue& queue) {
  struct stat st;
  if (::stat(request_.root.c_str(), &st) != 0) return errno_error("read", request_.root);
  top_ = std::make_unique<Folder>();
  if (S_ISDIR(st.st_mode)) {
    queue.add([this, &queue] { visit(*top_, queue); });
    return {};
  }
  if (!S_ISREG(st.st_mode)) return special_file_error(request_.root, st.st_mode);
  top_->items.push_back({"", {}, {}, false});
  read_files(*top_, {nullptr, std::make_shared<std::vector<std::size_t>>(1, 0), 0, 1}, queue);
  return {};
}

void RootScan::visit(Folder& folder, WorkQueue& queue) {
  if (failed_) return;
  const Status read = stop_pending() ? Status(stopped_error()) : read_folder(folder, queue);
  if (!read) fail(request_.root / folder.prefix, read.error());
}

Status RootScan::check_depth(const Folder& folder) const {
  const Path path = request_.root / folder.prefix;
  if (folder.depth >= deepest) return input_error(path, fmt::format("more than {} folders inside each other", deepest));
  for (const Folder* above = folder.above; above; above = above->above)
    if (above->key.device == folder.key.device && above->key.inode == folder.key.inode) return circle_error(path);
  return {};
}

Status RootScan::read_folder(Folder& folder, WorkQueue& queue) {
  const Path path = request_.root / folder.prefix;
  MLPIPE_TRY(Fd opened, open_file(path, O_RDONLY | O_DIRECTORY));
  const auto fd = std::make_shared<Fd>(std::move(opened));
  struct stat st;
  if (::fstat(fd->get(), &st) != 0) return errno_error("read", path);
  folder.key = StatKey::of(st);
  folder.trusted = trusted_.on(st.st_dev, fd->get());
  MLPIPE_TRY_VOID(check_depth(folder));
  folder.skipped = folder.above && !filter_.everything() && is_store_folder(fd->get());
  if (folder.skipped) return {};

  const auto unknown = std::make_shared<std::vector<std::size_t>>();
  const auto known = known_ ? known_->find_folder(folder.prefix) : std::nullopt;
  const bool same = known && !folder_changed_[*known] && known_->options() == options_;
  if (same) take_known(folder, known_->folder(*known), *unknown);
  else MLPIPE_TRY_VOID(take_listing(folder, fd->get(), *unknown));

  for (const Folder::Item& item : folder.items) {
    if (!item.name.ends_with('/')) continue;
    folder.folders.push_back(std::make_unique<Folder>());
    Folder& below = *folder.folders.back();
    below.prefix = folder.prefix + item.name;
    below.above = &folder;
    below.depth = folder.depth + 1;
  }
  for (const auto& below : folder.folders) queue.add([this, &queue, at = below.get()] { visit(*at, queue); });
  for (std::size_t at = 0; at < unknown->size(); at += read_in_one_task)
    queue.add([this, &queue, &folder, batch = Batch{fd, unknown, at, std::min(at + read_in_one_task, unknown->size())}] {
      read_files(folder, batch, queue);
    });
  return {};
}

void RootScan::take_known(Folder& folder, const RootIndex::Folder& known, std::vector<std::size_t>& unknown) {
  folder.settled = true;
  folder.items.reserve(known.count);
  for (std::uint64_t i = known.first; i < known.first + known.count; ++i) take_item(folder, std::string(known_->name(known_->item(i))), i, unknown);
}

Status RootScan::take_listing(Folder& folder, int fd, std::vector<std::size_t>& unknown) {
  MLPIPE_TRY(Listing listing, list_counted(request_.root, folder.prefix, fd, filter_));
  folder.settled = listing.settles && folder.trusted && folder.key.settled(now_ns_);
  folder.items.reserve(listing.names.size());
  const auto number = known_ ? known_->find_folder(folder.prefix) : std::nullopt;
  const RootIndex::Folder known = number ? known_->folder(*number) : RootIndex::Folder();
  for (std::string& name : listing.names) {
    const auto item = number ? known_->find_item(known, name) : std::nullopt;
    take_item(folder, std::move(name), item, unknown);
  }
  return {};
}

void RootScan::take_item(Folder& folder, std::string name, std::optional<std::size_t> known, std::vector<std::size_t>& unknown) {
  Folder::Item& item = folder.items.emplace_back(Folder::Item{std::move(name), {}, {}, false});
  if (item.name.ends_with('/')) return;
  if (!known || item_changed_[*known]) return unknown.push_back(folder.items.size() - 1);
  const RootIndex::Item old = known_->item(*known);
  item.key = old.key;
  item.digest = old.digest;
  item.settled = true;
}

Path RootScan::path_of(const Folder& folder, std::size_t item) const {
  const std::string& name = folder.items[item].name;
  return name.empty() ? request_.root : request_.root / (folder.prefix + name);
}

void RootScan::read_files(Folder& folder, Batch batch, WorkQueue& queue) {
  if (stop_pending()) return fail(request_.root / folder.prefix, stopped_error());
  while (batch.at < batch.end && !failed_) {
    const std::size_t item = (*batch.items)[batch.at++];
    const auto shared = read_file(folder, item, batch, queue);
    if (!shared) fail(path_of(folder, item), shared.error());
    if (shared && *shared) return;
  }
}

// Whether the file is large and was shared, and what is left of the batch with it: that waits below the file's chunks, so that a thread
// has one large file open, not all of them.
Result<bool> RootScan::read_file(Folder& folder, std::size_t item, const Batch& batch, WorkQueue& queue) {
  const Path path = path_of(folder, item);
  const std::string& name = folder.items[item].name;
  Fd file(::openat(batch.folder ? batch.folder->get() : AT_FDCWD, name.empty() ? path.c_str() : name.c_str(), reading));
  if (!file) return errno_error("read", path);
  MLPIPE_TRY(const StatKey now, stat_file(file.get(), path));
  if (now.size < shared_from || request_.options.threads <= 1) {
    MLPIPE_TRY_VOID(read_at_once(file.get(), path, now, item, folder));
    return false;
  }
  if (batch.at < batch.end) queue.add([this, &queue, &folder, batch] { read_files(folder, batch, queue); });
  share(std::move(file), path, now, item, folder, queue);
  return true;
}

Status RootScan::read_at_once(int file, const Path& path, StatKey before, std::size_t number, Folder& folder) {
  Folder::Item& item = folder.items[number];
  for (int reads = 0; reads < most_reads; ++reads, before = item.key) {
    ++read_count;
    auto digest = digest_content(file, before.size, path);
    if (!digest && by_signal(digest.error().kind)) return digest.error();
    MLPIPE_TRY(item.key, stat_file(file, path));
    if (before != item.key) continue;
    if (!digest) return digest.error();
    item.digest = *digest;
    item.settled = settles(item.key, folder, file);
    return {};
  }
  return keeps_changing(path);
}

bool RootScan::settles(const StatKey& key, const Folder& folder, int file) {
  return key.settled(now_ns_) && (key.device == folder.key.device ? folder.trusted : trusted_.on(key.device, file));
}

void RootScan::share(Fd file, Path path, const StatKey& before, std::size_t item, Folder& folder, WorkQueue& queue) {
  const auto large = std::make_shared<LargeFile>();
  large->file = std::move(file);
  large->path = std::move(path);
  large->before = before;
  large->folder = &folder;
  large->item = item;
  large->chunks.resize(count_chunks(before.size));
  large->left = large->chunks.size();
  for (std::size_t i = large->chunks.size(); i-- > 0;)
    queue.add([this, large, i] {
      const auto digest = failed_ ? Result<Digest>(Digest()) : digest_one_chunk(large->file.get(), i, large->before.size, large->path);
      if (digest) large->chunks[i] = *digest;
      else if (by_signal(digest.error().kind)) fail(large->path, digest.error());
      else large->torn = true;
      if (--large->left == 0) finish_large(*large);
    });
}

// One that changed meanwhile is read again, by this thread.
void RootScan::finish_large(LargeFile& large) {
  if (failed_) return;
  ++read_count;
  Folder::Item& item = large.folder->items[large.item];
  const auto after = stat_file(large.file.get(), large.path);
  if (!after) return fail(large.path, after.error());
  if (large.torn || *after != large.before) {
    if (const Status read = read_at_once(large.file.get(), large.path, *after, large.item, *large.folder); !read) fail(large.path, read.error());
    return;
  }
  item.key = *after;
  item.digest = join_chunks(large.chunks, after->size);
  item.settled = settles(item.key, *large.folder, large.file.get());
}

void RootScan::fail(const Path& path, const Error& error) {
  const std::scoped_lock lock(failing_);
  const bool stopped = by_signal(error.kind), stopped_before = failed_ && by_signal(error_->kind);
  if (!failed_ || (stopped && !stopped_before) || (stopped == stopped_before && path < failed_at_)) {
    failed_at_ = path;
    error_ = error;
  }
  failed_ = true;
}

bool RootScan::settles(const Folder& folder) const {
  return folder.settled && std::none_of(folder.folders.begin(), folder.folders.end(), [](const auto& below) { return below->skipped; });
}

void RootScan::write(const Folder& folder, RootIndexWriter& writer) const {
  writer.folder(folder.prefix, folder.key, settles(folder));
  std::size_t below = 0;
  for (const Folder::Item& item : folder.items) {
    const bool skipped = item.name.ends_with('/') && folder.folders[below++]->skipped;
    if (!skipped) writer.item(item.name, item.key, item.digest, item.settled);
  }
  for (const auto& each : folder.folders)
    if (!each->skipped) write(*each, writer);
}

Result<Tree> RootScan::finish() {
  if (failed_) return *error_;
  if (!changed_) return Tree(known_->totals(), known_);
  RootIndexWriter writer(key_.native(), options_, filter_.keeps_empty_folders());
  const bool is_file = top_->items.size() == 1 && top_->items.front().name.empty();
  if (is_file) writer.item("", top_->items[0].key, top_->items[0].digest, top_->items[0].settled);
  else write(*top_, writer);
  const auto before = known_ ? std::optional(known_->checksum()) : std::nullopt;
  top_.reset();
  known_.reset();
  const auto index = std::make_shared<RootIndex>(writer.finish());
  if (request_.options.index && index->checksum() != before) request_.options.index->save(key_, *index);
  return Tree(index->totals(), index);
}

}  // namespace mlpipe
