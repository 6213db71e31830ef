#include "upkeep/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

namespace mlpipe {
namespace {

constexpr std::size_t chunk = 256 * 1024;

// Opened when it is needed: with all that it brings along it would make every start of mlpipe a millisecond longer.
struct Library {
#define MLPIPE_ARCHIVE_FUNCTIONS(each) \
  each(archive_entry_filetype) each(archive_entry_free) each(archive_entry_hardlink) \
  each(archive_entry_new) each(archive_entry_pathname) each(archive_entry_perm) \
  each(archive_entry_set_filetype) each(archive_entry_set_mtime) each(archive_entry_set_pathname) \
  each(archive_entry_set_perm) each(archive_entry_set_size) each(archive_entry_size) \
  each(archive_errno) each(archive_error_string) each(archive_read_data) \
  each(archive_read_free) each(archive_read_new) each(archive_read_next_header) \
  each(archive_read_open_fd) each(archive_read_support_filter_zstd) each(archive_read_support_format_tar) \
  each(archive_write_add_filter_zstd) each(archive_write_close) each(archive_write_data) \
  each(archive_write_free) each(archive_write_header) each(archive_write_new) \
  each(archive_write_open_fd) each(archive_write_set_bytes_in_last_block) each(archive_write_set_format_gnutar)
#define MLPIPE_DECLARE(name) decltype(&::name) name = nullptr;
  MLPIPE_ARCHIVE_FUNCTIONS(MLPIPE_DECLARE)
#undef MLPIPE_DECLARE
  bool good = true;

  Library() {
    void* const handle = ::dlopen(MLPIPE_LIBARCHIVE, RTLD_NOW | RTLD_LOCAL);
    good = handle != nullptr;
#define MLPIPE_FIND(function) \
  if (good) function = reinterpret_cast<decltype(function)>(::dlsym(handle, #function)); \
  good = good && function;
    MLPIPE_ARCHIVE_FUNCTIONS(MLPIPE_FIND)
#undef MLPIPE_FIND
  }
};

const Library& library() {
  static const Library opened;
  return opened;
}

Status check_library() {
  if (library().good) return {};
  return Error{ErrorKind::store, fmt::format("{}, which packs archives, cannot be loaded", MLPIPE_LIBARCHIVE), "apt-get install libarchive13 (or libarchive13t64)"};
}

Error archive_error(std::string_view action, const Path& shown, struct archive* archive) {
  const int number = library().archive_errno(archive);
  const bool of_the_system = number == ENOSPC || number == EDQUOT || number == EFBIG || number == EIO || number == EPIPE;
  const char* said = library().archive_error_string(archive);
  const std::string why = of_the_system ? errno_reason(number) : said ? said : "unknown reason";
  Error error = of_the_system ? errno_error(action, shown, number) : Error{};
  error.kind = ErrorKind::store;
  error.message = fmt::format("cannot {} {}: {}", action, shown.string(), why);
  return error;
}

struct FreeEntry {
  void operator()(archive_entry* entry) const { library().archive_entry_free(entry); }
};
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

Entry make_entry(const std::string& name, mode_t type, mode_t mode, std::uint64_t size) {
  Entry entry(library().archive_entry_new());
  library().archive_entry_set_pathname(entry.get(), name.c_str());
  library().archive_entry_set_filetype(entry.get(), type);
  library().archive_entry_set_perm(entry.get(), mode);
  library().archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  library().archive_entry_set_mtime(entry.get(), 0, 0);
  return entry;
}

}  // namespace

struct ArchiveWriter::Impl {
  struct archive* archive = library().archive_write_new();
  Path shown;
  ~Impl() { library().archive_write_free(archive); }

  Status failed() const { return archive_error("write", shown, archive); }

  Status header(const std::string& name, mode_t type, mode_t mode, std::uint64_t size) {
    const Entry entry = make_entry(name, type, mode, size);
    return library().archive_write_header(archive, entry.get()) == ARCHIVE_OK ? Status() : failed();
  }

  Status bytes(std::string_view data) {
    if (data.empty() || library().archive_write_data(archive, data.data(), data.size()) == static_cast<la_ssize_t>(data.size())) return {};
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
  MLPIPE_TRY_VOID(check_library());
  auto impl = std::make_unique<Impl>();
  impl->shown = shown;
  struct archive* archive = impl->archive;
  const bool good = library().archive_write_set_format_gnutar(archive) == ARCHIVE_OK && library().archive_write_add_filter_zstd(archive) == ARCHIVE_OK &&
                    library().archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK && library().archive_write_open_fd(archive, fd) == ARCHIVE_OK;
  if (!good) return impl->failed().error();
  return ArchiveWriter(std::move(impl));
}

Status ArchiveWriter::add_text(const std::string& name, std::string_view text) {
  MLPIPE_TRY_VOID(impl_->header(name, AE_IFREG, 0644, text.size()));
  return impl_->bytes(text);
}

Status ArchiveWriter::add_tree(const std::string& name, const Path& path) { return impl_->tree(name, path); }

Status ArchiveWriter::close() { return library().archive_write_close(impl_->archive) == ARCHIVE_OK ? Status() : impl_->failed(); }

struct ArchiveReader::Impl {
  struct archive* archive = library().archive_read_new();
  Path shown;
  ~Impl() { library().archive_read_free(archive); }

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
  MLPIPE_TRY_VOID(check_library());
  auto impl = std::make_unique<Impl>();
  impl->shown = shown;
  struct archive* archive = impl->archive;
  const bool good = library().archive_read_support_filter_zstd(archive) == ARCHIVE_OK && library().archive_read_support_format_tar(archive) == ARCHIVE_OK &&
                    library().archive_read_open_fd(archive, fd, chunk) == ARCHIVE_OK;
  if (!good) return impl->failed();
  return ArchiveReader(std::move(impl));
}

Result<std::optional<ArchiveEntry>> ArchiveReader::next() {
  archive_entry* entry = nullptr;
  const int status = library().archive_read_next_header(impl_->archive, &entry);
  if (status == ARCHIVE_EOF) return std::optional<ArchiveEntry>();
  if (status != ARCHIVE_OK) return impl_->failed();
  const char* name = library().archive_entry_pathname(entry);
  const bool hard_link = library().archive_entry_hardlink(entry) != nullptr;
  return std::optional(ArchiveEntry{name ? name : "", !hard_link && library().archive_entry_filetype(entry) == AE_IFREG, library().archive_entry_filetype(entry) == AE_IFDIR,
                                    (library().archive_entry_perm(entry) & S_IXUSR) != 0, static_cast<std::uint64_t>(library().archive_entry_size(entry))});
}

Result<std::string> ArchiveReader::text(std::size_t most) {
  std::string text;
  std::vector<char> buffer(chunk);
  while (true) {
    const la_ssize_t got = library().archive_read_data(impl_->archive, buffer.data(), buffer.size());
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
    const la_ssize_t got = library().archive_read_data(impl_->archive, buffer.data(), buffer.size());
    if (got < 0) return impl_->failed();
    if (got == 0) return {};
    MLPIPE_TRY_VOID(write_all(fd.get(), {buffer.data(), static_cast<std::size_t>(got)}, to));
  }
}

}  // namespace mlpipe
