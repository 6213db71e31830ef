#include "store/store_size.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/text.h"

namespace mlpipe {
namespace {

constexpr std::uint64_t block = 4096;
constexpr std::string_view note_prefix = "mlpipe size ";
constexpr auto longest_update = std::chrono::seconds(1);

Path note_path(const Store& store) { return store.root() / "size"; }

Result<std::optional<Lock>> lock_note(const Store& store) {
  return store.locks().wait_lock("size", LockFile::Share::exclusive, longest_update);
}

// In place and at one length: cheaper than a rename, and what is torn reads as no note.
void write_note(const Store& store, std::uint64_t bytes) {
  const auto fd = open_file(note_path(store), O_WRONLY | O_CREAT);
  if (fd) (void)write_all(fd->get(), fmt::format("{}{:020}\n", note_prefix, bytes), note_path(store));
}

}  // namespace

std::uint64_t disk_use(const Path& path) {
  struct stat st;
  if (::lstat(path.c_str(), &st) != 0) return 0;
  std::uint64_t bytes = static_cast<std::uint64_t>(st.st_blocks) * 512;
  if (!S_ISDIR(st.st_mode)) return bytes;
  if (const auto names = list_folder(path))
    for (const std::string& name : *names) bytes += disk_use(path / name);
  return bytes;
}

std::uint64_t about_size(const StoredOutput& output) { return (output.bytes / block + output.files + 1) * block; }

std::optional<std::uint64_t> noted_size(const Store& store) {
  const auto text = read_file(note_path(store));
  if (!text || !text->starts_with(note_prefix) || !text->ends_with('\n') || text->size() != note_prefix.size() + 21) return std::nullopt;
  const auto bytes = parse_integer(std::string_view(*text).substr(note_prefix.size(), 20));
  return bytes && *bytes >= 0 ? std::optional<std::uint64_t>(*bytes) : std::nullopt;
}

std::uint64_t known_size(const Store& store) {
  if (const auto noted = noted_size(store)) return *noted;
  const std::uint64_t measured = disk_use(store.root());
  note_size(store, measured);
  return measured;
}

void note_size(const Store& store, std::uint64_t bytes) {
  if (const auto lock = lock_note(store); lock && *lock) write_note(store, bytes);
}

void add_to_size(const Store& store, std::uint64_t bytes) {
  if (bytes == 0) return;
  const auto lock = lock_note(store);
  const auto noted = lock && *lock ? noted_size(store) : std::nullopt;
  if (noted) write_note(store, *noted + bytes);
}

}  // namespace mlpipe
