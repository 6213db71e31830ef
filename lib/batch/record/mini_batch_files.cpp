#include "batch/record/mini_batch_files.h"

#include <unistd.h>

#include <cerrno>

#include "batch/record/rows_file.h"
#include "scoring/rows/mini_batch_files.h"

namespace mlpipe {
namespace {

Status remove_earlier(const Path& folder) {
  MLPIPE_TRY_VOID(make_dirs(folder));
  MLPIPE_TRY(const auto names, list_folder(folder));
  for (const auto& name : names)
    if (name.starts_with("mini_batch_")) MLPIPE_TRY_VOID(remove_tree(folder / name));
  return {};
}

Result<MiniBatchFile> read_header(int rows, const Extent& rest, const Path& shown) {
  char header[MiniBatchFile::header_size];
  if (rest.length < sizeof header) return parse_mini_batch_file({});
  if (::pread(rows, header, sizeof header, static_cast<off_t>(rest.offset)) != static_cast<ssize_t>(sizeof header)) return errno_error("read the rows for", shown);
  MLPIPE_TRY(MiniBatchFile file, parse_mini_batch_file({header, sizeof header}));
  if (file.length > rest.length - sizeof header) return parse_mini_batch_file({});
  return file;
}

}  // namespace

Status write_mini_batch_files(int rows, const std::vector<Extent>& extents, const Path& target, const Path& aside, FileOps& ops) {
  MLPIPE_TRY_VOID(remove_earlier(target));
  for (Extent rest : extents) {
    while (rest.length > 0) {
      MLPIPE_TRY(const MiniBatchFile file, read_header(rows, rest, target));
      const Extent bytes{rest.mini_batch, rest.offset + MiniBatchFile::header_size, file.length, 0};
      MLPIPE_TRY_VOID(write_rows_file(rows, {bytes}, RowOrder::completion, target / file.name(rest.mini_batch), aside, ops));
      rest.offset = bytes.offset + bytes.length;
      rest.length -= MiniBatchFile::header_size + bytes.length;
    }
  }
  return {};
}

}  // namespace mlpipe
