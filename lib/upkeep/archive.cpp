#include "upkeep/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

namespace mlpipe {
namespace {

constexpr std::size_t chunk = 256 * 1024;

Error archive_error(std::string_view action, const Path& shown, struct archive* archive) {
  const int number = ::archive_errno(archive);
  const bool of_the_system = number == ENOSPC || number == EDQUOT || number == EFBIG || number == EIO || number == EPIPE;
  const char* said = ::archive_error_string(archive);
  const std::string why = of_the_system ? errno_reason(number) : said ? said : "unknown reason";
  Error error = of_the_system ? errno_error(action, shown, number) : Error{};
  error.kind = ErrorKind::store;
  error.message = fmt::format("cannot {} {}: {}", action, shown.string(), why);
  return error;
}

struct FreeEntry {
  void operator()(archive_entry* entry) const { ::archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

Entry make_entry(const std::string& name, mode_t type, mode_t mode, std::uint64_t size) {
  Entry entry(::archive_entry_new());
  ::archive_entry_set_pathname(entry.get(), name.c_str());
  ::archive_entry_set_filetype(entry.get(), type);
  ::archive_entry_set_perm(entry.get(), mode);
  ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  ::archive_entry_set_mtime(entry.get(), 0, 0);
  return entry;
}

}  // namespace

struct ArchiveWriter::Impl {
  struct archive* archive = ::archive_write_new();
  Path shown;
  ~Impl() { ::archive_write_free(archive); }

  Status failed() const { return archive_error("write", shown, archive); }

  Status header(const std::string& name, mode_t type, mode_t mode, std::uint64_t size) {
    const Entry entry = make_entry(name, type, mode, size);
    return ::archive_write_header(archive, entry.get()) == ARCHIVE_OK ? Status() : failed();
  }

  Status bytes(std::string_view data) {
    if (data.empty() || ::archive_write_data(archive, data.data(), data.size()) == static_cast<la_ssize_t>(data.size())) return {};
    return failed();
  }

  Status file(const std::string& name, const Path& path, const struct stat& st) {
    MLPIPE_TRY(const Fd fd, open_file(path, O_RDONLY | O_NOFOLLOW));
    MLPIPE_TRY_VOID(header(name, AE_IFREG, st.st_mode & S_IXUSR ? 0755 : 0644, static_cast<std::uint64_t>(st.st_size)));
    std::vector<char> buffer(chunk);
    for (std::uint64_t done = 0;;) {
      MLPIPE_TRY(const std::size_t got, read_at(fd.get(), done, buffer.data(), buffer.size(), path));
      if (got == 0 && done != static_cast<std::uint64_t>(st.st_size))
        return Error{ErrorKind::store, fmt::format("{} changed while it was read", shown_path(path)), "`mlpipe doctor --store` looks for damage"};
      if (got == 0) return {};
      MLPIPE_TRY_VOID(bytes({buffer.data(), got}));
      done += got;
    }
  }

  Status tree(const std::string& name, const Path& path) {
    struct stat st;
    if (::lstat(path.c_str(), &st) != 0) return errno_error("read", path);
    if (S_ISREG(st.st_mode)) return file(name, path, st);
    if (!S_ISDIR(st.st_mode)) return Error{ErrorKind::store, fmt::format("{} is neither a file nor a folder", shown_path(path)), ""};
    MLPIPE_TRY_VOID(header(name + "/", AE_IFDIR, 0755, 0));
    MLPIPE_TRY(const auto names, list_folder(path));
    for (const std::string& below : names) MLPIPE_TRY_VOID(tree(name + "/" + below, path / below));
    return {};
  }
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ArchiveWriter::ArchiveWriter(ArchiveWriter&&) noexcept = default;
ArchiveWriter::~ArchiveWriter() = default;

// GNU's kind of tar takes names as they are, whatever bytes they have.
Result<ArchiveWriter> ArchiveWriter::open(int fd, const Path& shown) {
  auto impl = std::make_unique<Impl>();
  impl->shown = shown;
  struct archive* archive = impl->archive;
  const bool good = ::archive_write_set_format_gnutar(archive) == ARCHIVE_OK && ::archive_write_add_filter_zstd(archive) == ARCHIVE_OK &&
                    ::archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK && ::archive_write_open_fd(archive, fd) == ARCHIVE_OK;
  if (!good) return impl->failed().error();
  return ArchiveWriter(std::move(impl));
}

Status ArchiveWriter::add_text(const std::string& name, std::string_view text) {
  MLPIPE_TRY_VOID(impl_->header(name, AE_IFREG, 0644, text.size()));
  return impl_->bytes(text);
}

Status ArchiveWriter::add_tree(const std::string& name, const Path& path) { return impl_->tree(name, path); }

Status ArchiveWriter::close() { return ::archive_write_close(impl_->archive) == ARCHIVE_OK ? Status() : impl_->failed(); }

struct ArchiveReader::Impl {
  struct archive* archive = ::archive_read_new();
  Path shown;
  ~Impl() { ::archive_read_free(archive); }

  Error failed() const {
    Error error = archive_error("read", shown, archive);
    if (error.hint.empty()) error.hint = "is it whole, and made by `mlpipe cache export`?";
    return error;
  }
};

ArchiveReader::ArchiveReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader::~ArchiveReader() = default;

Result<ArchiveReader> ArchiveReader::open(int fd, const Path& shown) {
  auto impl = std::make_unique<Impl>();
  impl->shown = shown;
  struct archive* archive = impl->archive;
  const bool good = ::archive_read_support_filter_zstd(archive) == ARCHIVE_OK && ::archive_read_support_format_tar(archive) == ARCHIVE_OK &&
                    ::archive_read_open_fd(archive, fd, chunk) == ARCHIVE_OK;
  if (!good) return impl->failed();
  return ArchiveReader(std::move(impl));
}

Result<std::optional<ArchiveEntry>> ArchiveReader::next() {
  archive_entry* entry = nullptr;
  const int status = ::archive_read_next_header(impl_->archive, &entry);
  if (status == ARCHIVE_EOF) return std::optional<ArchiveEntry>();
  if (status != ARCHIVE_OK) return impl_->failed();
  const char* name = ::archive_entry_pathname(entry);
  const bool hard_link = ::archive_entry_hardlink(entry) != nullptr;
  return std::optional(ArchiveEntry{name ? name : "", !hard_link && ::archive_entry_filetype(entry) == AE_IFREG, ::archive_entry_filetype(entry) == AE_IFDIR,
                                    (::archive_entry_perm(entry) & S_IXUSR) != 0, static_cast<std::uint64_t>(::archive_entry_size(entry))});
}

Result<std::string> ArchiveReader::text(std::size_t most) {
  std::string text;
  std::vector<char> buffer(chunk);
  while (true) {
    const la_ssize_t got = ::archive_read_data(impl_->archive, buffer.data(), buffer.size());
    if (got < 0) return impl_->failed();
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > most) return Error{ErrorKind::store, fmt::format("{} holds a record of more than {} bytes", impl_->shown.string(), most), ""};
  }
}

Status ArchiveReader::extract(const ArchiveEntry& entry, const Path& to) {
  MLPIPE_TRY(const Fd fd, open_file(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, entry.executable ? 0755 : 0644));
  std::vector<char> buffer(chunk);
  while (true) {
    const la_ssize_t got = ::archive_read_data(impl_->archive, buffer.data(), buffer.size());
    if (got < 0) return impl_->failed();
    if (got == 0) return {};
    MLPIPE_TRY_VOID(write_all(fd.get(), {buffer.data(), static_cast<std::size_t>(got)}, to));
  }
}

}  // namespace mlpipe
