#include "batch/record/journal.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "batch/record/crc32c.h"
#include "system/event_loop.h"

namespace mlpipe {
namespace {

struct Header {
  char magic[16];
  std::uint64_t nonce;
  std::uint8_t plan[32];
  std::uint32_t checksum;
  std::uint32_t zero;
  std::uint8_t boot[16];  // may change under the same checksum: damage to it is a boot that nobody knows
};
static_assert(std::endian::native == std::endian::little, "records are copied as they are");
static_assert(sizeof(Header) == 80);

struct Record {
  std::uint64_t mini_batch, offset, length, rows;
  std::uint32_t attempt, items, failed_items;
  std::uint32_t rows_checksum, flags;
  std::uint32_t checksum;
};
static_assert(sizeof(Record) == 56);

constexpr std::uint32_t taken_apart = 1, retracted = 2;
constexpr std::uint64_t nobody = UINT64_MAX;  // in place of a mini-batch whose record is void

constexpr std::string_view magic = "mlpipe journal 2";

template <class T>
std::string_view bytes_of(const T& value, std::size_t size = sizeof(T)) {
  return {reinterpret_cast<const char*>(&value), size};
}

std::uint32_t header_checksum(const Header& header) { return crc32c(bytes_of(header, offsetof(Header, checksum))); }

std::uint32_t record_checksum(const Record& record, std::uint32_t seed) {
  return crc32c(bytes_of(record, offsetof(Record, checksum)), seed);
}

std::optional<Header> header_of(std::string_view journal, const Digest& plan) {
  Header header;
  if (journal.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, journal.data(), sizeof header);
  const bool ours = bytes_of(header.magic) == magic && std::memcmp(header.plan, plan.bytes.data(), sizeof header.plan) == 0;
  if (!ours || header.zero != 0 || header.checksum != header_checksum(header)) return std::nullopt;
  return header;
}

// All zero where the kernel does not say.
std::array<std::uint8_t, 16> boot_id() {
  std::array<std::uint8_t, 16> id{};
  const auto text = read_file("/proc/sys/kernel/random/boot_id");
  std::size_t digits = 0;
  for (const char c : text ? std::string_view(*text) : std::string_view()) {
    if (!std::isxdigit(static_cast<unsigned char>(c)) || digits == 32) continue;
    const auto value = static_cast<std::uint8_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    auto& byte = id[digits++ / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | value);
  }
  return id;
}

Header new_header(const Digest& plan) {
  Header header{};
  std::memcpy(header.magic, magic.data(), sizeof header.magic);
  if (::getrandom(&header.nonce, sizeof header.nonce, 0) != sizeof header.nonce) header.nonce = static_cast<std::uint64_t>(::time(nullptr));
  std::memcpy(header.plan, plan.bytes.data(), sizeof header.plan);
  header.checksum = header_checksum(header);
  const auto boot = boot_id();
  std::memcpy(header.boot, boot.data(), boot.size());
  return header;
}

Error of_the_store(Error error) {
  error.kind = ErrorKind::store;
  return error;
}

Error store_error(std::string_view action, const Path& path) { return of_the_store(errno_error(action, path)); }

// Holds extents against their check sums. Read one behind the other, thousands of short ones are few reads.
class ExtentReader {
 public:
  ExtentReader(int fd, Path shown) : fd_(fd), shown_(std::move(shown)), window_(1 << 20, '\0') {}

  // False: other bytes, or fewer.
  Result<bool> matches(const Extent& extent) {
    std::uint32_t actual = 0;
    for (std::uint64_t at = extent.offset, end = extent.offset + extent.length; at < end;) {
      if (at < begin_ || at >= begin_ + size_) MLPIPE_TRY_VOID(move_to(at));
      if (size_ == 0) return false;
      const auto part = std::string_view(window_).substr(at - begin_, std::min(end, begin_ + size_) - at);
      actual = crc32c(part, actual);
      at += part.size();
    }
    return actual == extent.checksum;
  }

 private:
  Status move_to(std::uint64_t at) {
    const auto got = read_at(fd_, at, window_.data(), window_.size(), shown_);
    if (!got) return of_the_store(got.error());
    begin_ = at;
    size_ = *got;
    return {};
  }

  int fd_;
  const Path shown_;
  std::string window_;
  std::uint64_t begin_ = 0, size_ = 0;
};

// Whole records behind the first bad one: finished work that damage, not a torn end, made unusable.
std::size_t records_behind(std::string_view journal, std::size_t at, std::uint32_t seed) {
  std::size_t count = 0;
  for (at += sizeof(Record); at + sizeof(Record) <= journal.size(); at += sizeof(Record)) {
    Record record;
    std::memcpy(&record, journal.data() + at, sizeof record);
    count += record.checksum == record_checksum(record, seed);
  }
  return count;
}

}  // namespace

Result<Journal> Journal::open(const Path& folder, const Digest& plan, FileOps& ops, std::string& notice) {
  Journal journal(folder, ops);
  for (auto [fd, name] : {std::pair{&journal.rows_, "rows"}, std::pair{&journal.journal_, "journal"}}) {
    auto file = open_file(folder / name, O_RDWR | O_CREAT);
    if (!file) return Error{ErrorKind::store, file.error().message, file.error().hint};
    *fd = file.take();
  }
  MLPIPE_TRY(const std::string bytes, read_file(folder / "journal"));
  if (const auto header = header_of(bytes, plan)) {
    journal.seed_ = header->checksum;
    journal.from_another_boot_ = std::memcmp(header->boot, boot_id().data(), sizeof header->boot) != 0;
    MLPIPE_TRY_VOID(journal.recover(bytes, notice));
  } else {
    if (bytes.size() > sizeof(Header)) {
      notice = "the journal in " + shown_path(folder) + " belongs to other inputs or settings, or is damaged: all mini-batches are scored again";
    }
    MLPIPE_TRY_VOID(journal.start_afresh(plan));
  }
  return journal;
}

Status Journal::recover(std::string_view journal, std::string& notice) {
  std::size_t at = sizeof(Header);
  ExtentReader reader(rows_.get(), folder_ / "rows");
  for (; at + sizeof(Record) <= journal.size(); at += sizeof(Record)) {
    if (stop_pending()) return stopped_error();
    Record record;
    std::memcpy(&record, journal.data() + at, sizeof record);
    const bool retraction = (record.flags & retracted) != 0;
    if (record.checksum != record_checksum(record, seed_) || record.offset != rows_end_ || has(record.mini_batch) != retraction) break;
    if (retraction) {
      forget(record.mini_batch);
      continue;
    }
    const Extent extent{record.mini_batch, record.offset, record.length, record.rows_checksum};
    MLPIPE_TRY(const bool whole, reader.matches(extent));
    if (!whole) break;
    finished_.push_back({record.mini_batch, record.attempt, record.rows, record.items, record.failed_items, (record.flags & taken_apart) != 0});
    extents_.push_back(extent);
    ids_[record.mini_batch] = finished_.size() - 1;
    rows_end_ += record.length;
  }
  compress();
  journal_end_ = at;
  if (const auto lost = records_behind(journal, at, seed_); lost > 0) {
    notice = "the journal in " + shown_path(folder_) + " is damaged: " + plural(lost, "finished mini-batch record") + " behind it dropped";
  }
  MLPIPE_TRY_VOID(truncate(journal_.get(), journal_end_, "journal"));
  return truncate(rows_.get(), rows_end_, "rows");
}

Status Journal::verify() const {
  ExtentReader reader(rows_.get(), folder_ / "rows");
  for (const Extent& extent : extents_) {
    MLPIPE_TRY(const bool whole, reader.matches(extent));
    if (!whole)
      return Error{ErrorKind::store, fmt::format("{}: the rows of mini-batch {} are no longer what was recorded", shown_path(folder_ / "rows"), extent.mini_batch),
                   "something else wrote to the store, or the disk fails; the next run scores what is damaged again"};
  }
  return {};
}

Status Journal::start_afresh(const Digest& plan) {
  // The journal goes first: rows without records are nothing, records without their rows would have to be found out.
  MLPIPE_TRY_VOID(truncate(journal_.get(), 0, "journal"));
  MLPIPE_TRY_VOID(truncate(rows_.get(), 0, "rows"));
  const Header header = new_header(plan);
  MLPIPE_TRY_VOID(write(journal_.get(), bytes_of(header), 0, "journal"));
  seed_ = header.checksum;
  journal_end_ = sizeof header;
  rows_end_ = 0;
  finished_.clear();
  extents_.clear();
  ids_.clear();
  from_another_boot_ = false;
  dirty_ = true;
  return {};
}

Status Journal::adopt_boot() {
  if (!std::exchange(from_another_boot_, false)) return {};
  const auto boot = boot_id();
  dirty_ = true;
  return write(journal_.get(), bytes_of(boot), offsetof(Header, boot), "journal");
}

Result<bool> Journal::append(const FinishedBatch& batch, std::string_view rows) {
  if (broken_) return *broken_;
  if (has(batch.mini_batch)) return false;
  Record record{batch.mini_batch, rows_end_,          rows.size(),  batch.rows, batch.attempt,
                batch.items,      batch.failed_items, crc32c(rows), batch.taken_apart ? taken_apart : 0, 0};
  record.checksum = record_checksum(record, seed_);
  if (!rows.empty()) MLPIPE_TRY_VOID(write(rows_.get(), rows, rows_end_, "rows"));
  MLPIPE_TRY_VOID(write(journal_.get(), bytes_of(record), journal_end_, "journal"));
  rows_end_ += rows.size();
  journal_end_ += sizeof record;
  finished_.push_back(batch);
  extents_.push_back({record.mini_batch, record.offset, record.length, record.rows_checksum});
  ids_[batch.mini_batch] = finished_.size() - 1;
  dirty_ = true;
  return true;
}

Status Journal::retract(const std::vector<std::uint64_t>& mini_batches) {
  if (broken_) return *broken_;
  for (const auto mini_batch : mini_batches) {
    Record record{};
    record.mini_batch = mini_batch;
    record.offset = rows_end_;
    record.flags = retracted;
    record.checksum = record_checksum(record, seed_);
    MLPIPE_TRY_VOID(write(journal_.get(), bytes_of(record), journal_end_, "journal"));
    journal_end_ += sizeof record;
    dirty_ = true;
    forget(mini_batch);
  }
  compress();
  return {};
}

void Journal::forget(std::uint64_t mini_batch) {
  const auto id = ids_.find(mini_batch);
  finished_[id->second].mini_batch = extents_[id->second].mini_batch = nobody;
  ids_.erase(id);
}

void Journal::compress() {
  std::erase_if(finished_, [](const FinishedBatch& batch) { return batch.mini_batch == nobody; });
  std::erase_if(extents_, [](const Extent& extent) { return extent.mini_batch == nobody; });
  for (std::size_t i = 0; i < finished_.size(); ++i) ids_[finished_[i].mini_batch] = i;
}

Status Journal::sync() {
  if (broken_) return *broken_;
  if (!dirty_) return {};
  if (ops_->fdatasync(rows_.get()) != 0) return broken(store_error("sync", folder_ / "rows"));
  if (ops_->fdatasync(journal_.get()) != 0) return broken(store_error("sync", folder_ / "journal"));
  if (!std::exchange(named_, true)) {  // a file survives a power cut only when its name does
    for (const Path& folder : {folder_, folder_.parent_path()})
      if (auto synced = sync_folder(folder); !synced) return broken(of_the_store(synced.error()));
  }
  dirty_ = false;
  return {};
}

Status Journal::write(int fd, std::string_view bytes, std::uint64_t offset, const char* name) {
  while (!bytes.empty()) {
    const auto written = ops_->pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = ENOSPC;
    if (written <= 0) return broken(store_error("write", folder_ / name));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Status Journal::truncate(int fd, std::uint64_t size, const char* name) {
  if (ops_->ftruncate(fd, static_cast<off_t>(size)) != 0) return broken(store_error("truncate", folder_ / name));
  return {};
}

Status Journal::broken(Error error) {
  broken_ = error;
  return error;
}

}  // namespace mlpipe
