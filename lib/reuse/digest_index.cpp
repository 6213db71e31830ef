#include "reuse/digest_index.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>

#include "system/blake3.h"

namespace mlpipe {
namespace {

constexpr std::string_view magic = "mlpipe index 1\n";
constexpr std::size_t checksum_size = sizeof(Digest::bytes);
constexpr std::int64_t racy_window_ns = 2'000'000'000;

std::int64_t nanoseconds(const timespec& time) { return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec; }

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

template <class Plain>
void append(std::string& out, const Plain& plain) {
  out.append(reinterpret_cast<const char*>(&plain), sizeof plain);
}

void append_text(std::string& out, std::string_view text) {
  append(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

// Takes fields off the front; after too short a text `good` is false and everything is zero.
struct Reader {
  std::string_view rest;
  bool good = true;

  std::string_view bytes(std::size_t size) {
    good = good && size <= rest.size();
    if (!good) return {};
    const std::string_view front = rest.substr(0, size);
    rest.remove_prefix(size);
    return front;
  }
  template <class Plain>
  Plain plain() {
    Plain value{};
    const std::string_view front = bytes(sizeof value);
    if (good) std::memcpy(&value, front.data(), sizeof value);
    return value;
  }
  std::string_view text() { return bytes(plain<std::uint32_t>()); }
};

struct Record {
  std::string_view path;
  StatKey key;
  RootIndex::Known known;
};

Record decode(Reader& reader) {
  Record record;
  record.path = reader.text();
  record.key.device = reader.plain<std::uint64_t>();
  record.key.inode = reader.plain<std::uint64_t>();
  record.key.size = reader.plain<std::uint64_t>();
  record.key.mtime_ns = reader.plain<std::int64_t>();
  record.key.ctime_ns = reader.plain<std::int64_t>();
  record.known.indexed_ns = reader.plain<std::int64_t>();
  record.key.mode = reader.plain<std::uint32_t>();
  record.known.digest = reader.plain<Digest>();
  return record;
}

bool outside_racy_window(const StatKey& key, std::int64_t indexed_ns) {
  return std::max(key.mtime_ns, key.ctime_ns) < indexed_ns - racy_window_ns;
}

Path file_of(const Path& folder, const Path& root) { return folder / digest_of(root.native()).hex().substr(0, 32); }

std::string checksum_of(std::string_view bytes) {
  const Digest digest = digest_of(bytes);
  return {reinterpret_cast<const char*>(digest.bytes.data()), checksum_size};
}

// The records in a whole and fitting index file, else nothing.
std::string_view records_in(std::string_view file, const Path& root) {
  if (file.size() < magic.size() + checksum_size || !file.starts_with(magic)) return {};
  const std::string_view content = file.substr(0, file.size() - checksum_size);
  if (file.substr(content.size()) != checksum_of(content)) return {};
  Reader reader{content.substr(magic.size())};
  return reader.text() == root.native() && reader.good ? reader.rest : std::string_view();
}

}  // namespace

StatKey StatKey::of(const struct stat& st) {
  return {st.st_dev, st.st_ino, static_cast<std::uint64_t>(st.st_size), nanoseconds(st.st_mtim), nanoseconds(st.st_ctim), st.st_mode};
}

std::optional<RootIndex::Known> RootIndex::find(std::string_view path, const StatKey& key) {
  while (next_ < known_.size()) {
    Reader reader{std::string_view(known_).substr(next_)};
    const Record record = decode(reader);
    if (reader.good && record.path > path) return std::nullopt;
    next_ = reader.good ? known_.size() - reader.rest.size() : known_.size();
    if (!reader.good || record.path < path) continue;
    if (record.key == key && outside_racy_window(key, record.known.indexed_ns)) return record.known;
    return std::nullopt;
  }
  return std::nullopt;
}

void RootIndex::put(std::string_view path, const StatKey& key, const Known& known) {
  if (!outside_racy_window(key, known.indexed_ns)) return;
  append_text(found_, path);
  append(found_, key.device);
  append(found_, key.inode);
  append(found_, key.size);
  append(found_, key.mtime_ns);
  append(found_, key.ctime_ns);
  append(found_, known.indexed_ns);
  append(found_, key.mode);
  append(found_, known.digest);
}

DigestIndex::DigestIndex(Path folder, const Clock& clock) : folder_(std::move(folder)), clock_(&clock) {}

RootIndex DigestIndex::load(const Path& root) const {
  RootIndex index;
  const Path place = file_of(folder_, root);
  const auto file = path_exists(place) ? read_file(place) : Result<std::string>(std::string());
  if (file) index.known_ = records_in(*file, root);
  return index;
}

void DigestIndex::save(const Path& root, RootIndex&& index) const {
  if (index.found_ == index.known_ || !path_exists(folder_.parent_path())) return;  // no store: nothing to keep it in
  std::string file(magic);
  append_text(file, root.native());
  file += index.found_;
  file += checksum_of(file);
  if (make_dirs(folder_)) (void)write_file(file_of(folder_, root), file);
}

std::int64_t DigestIndex::now_ns() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(clock_->wall().time_since_epoch()).count();
}

}  // namespace mlpipe
