#include "reuse/root_index.h"

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "system/blake3.h"

namespace mlpipe {

namespace {

constexpr std::string_view magic = "mlpipe index 3\n";
constexpr std::size_t checksum_at = magic.size(), header_at = checksum_at + sizeof(Digest);

static_assert(std::endian::native == std::endian::little);

template <class Plain>
void append(std::string& out, const Plain& plain) {
  static_assert(std::is_trivially_copyable_v<Plain>);
  out.append(reinterpret_cast<const char*>(&plain), sizeof plain);
}

template <class Plain>
Plain plain_at(std::string_view bytes, std::size_t at) {
  Plain plain{};
  if (at <= bytes.size() && bytes.size() - at >= sizeof plain) std::memcpy(&plain, bytes.data() + at, sizeof plain);
  return plain;
}

}  // namespace

RootIndex::RootIndex(std::string file) : file_(std::move(file)), header_(plain_at<Header>(file_, header_at)) {}

std::optional<std::string> RootIndex::root_in(const Path& file) {
  constexpr std::uint64_t longest = 1 << 20;
  const auto fd = open_file(file, O_RDONLY);
  std::string front(header_at + sizeof(Header), '\0');
  const auto got = fd ? read_at(fd->get(), 0, front.data(), front.size(), file) : Result<std::size_t>(fd.error());
  if (!got || *got < front.size() || !front.starts_with(magic)) return std::nullopt;
  const auto header = plain_at<Header>(front, header_at);
  std::string root(std::min(header.root_size, longest), '\0');
  const auto size = read_at(fd->get(), header.names_at, root.data(), root.size(), file);
  return size && *size == header.root_size ? std::optional(std::move(root)) : std::nullopt;
}

std::optional<RootIndex> RootIndex::open(std::string file, std::string_view root) {
  if (file.size() < header_at + sizeof(Header) || !file.starts_with(magic)) return std::nullopt;
  if (plain_at<Digest>(file, checksum_at) != digest_of(std::string_view(file).substr(header_at))) return std::nullopt;
  RootIndex index(std::move(file));
  index.sealed_ = true;
  return index.text(0, index.header_.root_size) == root ? std::optional(std::move(index)) : std::nullopt;
}

RootIndex::Folder RootIndex::folder(std::size_t number) const { return plain_at<Folder>(file_, header_.folders_at + number * sizeof(Folder)); }
RootIndex::Item RootIndex::item(std::size_t number) const { return plain_at<Item>(file_, header_.items_at + number * sizeof(Item)); }

std::string_view RootIndex::text(std::uint64_t at, std::uint64_t size) const {
  const std::string_view names = std::string_view(file_).substr(std::min<std::size_t>(header_.names_at, file_.size()));
  return at <= names.size() ? names.substr(at, size) : std::string_view();
}

std::optional<std::size_t> RootIndex::find_folder(std::string_view wanted) const {
  std::size_t low = 0, high = folder_count();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const auto order = path(folder(middle)).compare(wanted);
    if (order == 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return std::nullopt;
}

std::optional<std::size_t> RootIndex::find_item(const Folder& folder, std::string_view wanted) const {
  std::size_t low = folder.first, high = folder.first + folder.count;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const auto order = name(item(middle)).compare(wanted);
    if (order == 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return std::nullopt;
}

// Whether there was an entry below it. Folders follow in the order in which the items above them name them.
template <class Visit>
bool RootIndex::visit_folder(std::size_t& next, const Visit& visit) const {
  if (next >= header_.folder_count) return false;
  const Folder here = folder(next++);
  bool any = false;
  for (std::uint64_t i = here.first; i < here.first + here.count; ++i) {
    const Item each = item(i);
    if (!each.is_folder) visit(path(here), name(each), each);
    any |= !each.is_folder || visit_folder(next, visit);
  }
  if (any || !header_.keeps_empty_folders || here.path_size == 0) return any;
  visit(path(here), "", Item());
  return true;
}

template <class Visit>
void RootIndex::visit_entries(const Visit& visit) const {
  std::size_t next = 0;
  if (header_.folder_count > 0) visit_folder(next, visit);
  else if (header_.item_count == 1) visit("", "", item(0));
}

std::vector<TreeEntry> RootIndex::entries() const {
  std::vector<TreeEntry> entries;
  entries.reserve(totals().count);
  visit_entries([&](std::string_view folder, std::string_view name, const Item& item) {
    TreeEntry& entry = entries.emplace_back();
    entry.path.reserve(folder.size() + name.size());
    entry.path.append(folder).append(name);
    entry.size = item.key.size;
    entry.executable = (item.key.mode & S_IXUSR) != 0;
    entry.digest = item.digest;
  });
  return entries;
}

void RootIndex::add_totals() {
  std::uint64_t count = 0;
  visit_entries([&](std::string_view, std::string_view, const Item&) { ++count; });
  TreeHasher hasher(count, header_.folder_count == 0);
  visit_entries([&](std::string_view folder, std::string_view name, const Item& item) {
    hasher.add(folder, name, item.key.size, (item.key.mode & S_IXUSR) != 0, item.digest);
  });
  header_.totals = hasher.finish();
  std::memcpy(file_.data() + header_at, &header_, sizeof header_);
}

Digest RootIndex::checksum() {
  if (sealed_) return plain_at<Digest>(file_, checksum_at);
  const Digest checksum = digest_of(std::string_view(file_).substr(header_at));
  std::memcpy(file_.data() + checksum_at, &checksum, sizeof checksum);
  sealed_ = true;
  return checksum;
}

const std::string& RootIndex::file() {
  checksum();
  return file_;
}

RootIndexWriter::RootIndexWriter(std::string_view root, const Digest& options, bool keeps_empty_folders)
    : root_(root), options_(options), keeps_empty_folders_(keeps_empty_folders), names_(root) {}

void RootIndexWriter::folder(std::string_view path, const StatKey& key, bool settled) {
  if (folder_count_++ > 0) append(folders_, open_);
  open_ = {key, item_count_, 0, names_.size(), path.size(), settled};
  names_ += path;
}

void RootIndexWriter::item(std::string_view name, const StatKey& key, const Digest& digest, bool settled) {
  const bool is_folder = name.ends_with('/');
  append(items_, RootIndex::Item{key, digest, names_.size(), static_cast<std::uint32_t>(name.size()), settled, is_folder});
  names_ += name;
  ++item_count_;
  ++open_.count;
}

RootIndex RootIndexWriter::finish() {
  if (folder_count_ > 0) append(folders_, open_);
  RootIndex::Header header;
  header.options = options_;
  header.folders_at = header_at + sizeof header;
  header.folder_count = folder_count_;
  header.items_at = header.folders_at + folders_.size();
  header.item_count = item_count_;
  header.names_at = header.items_at + items_.size();
  header.root_size = root_.size();
  header.keeps_empty_folders = keeps_empty_folders_;
  std::string file;
  file.reserve(header.names_at + names_.size());
  file.append(magic).append(sizeof(Digest), '\0');
  append(file, header);
  file.append(folders_).append(items_).append(names_);
  RootIndex index(std::move(file));
  index.add_totals();
  return index;
}

}  // namespace mlpipe
