#include "batch/rows_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mlpipe {
namespace {

// Neighbours become one, so that rows which finished in order are one copy.
std::vector<Extent> joined(const std::vector<Extent>& extents) {
  std::vector<Extent> runs;
  for (const auto& extent : extents) {
    if (!runs.empty() && runs.back().offset + runs.back().length == extent.offset) {
      runs.back().length += extent.length;
    } else if (extent.length > 0) {
      runs.push_back(extent);
    }
  }
  return runs;
}

// Copies through memory what copy_file_range will not.
Status copy_by_hand(int from, Extent rest, int to, std::uint64_t at, const Path& shown, FileOps& ops) {
  std::vector<char> chunk(std::min<std::uint64_t>(rest.length, 1 << 18));
  while (rest.length > 0) {
    const auto got = ::pread(from, chunk.data(), std::min<std::uint64_t>(chunk.size(), rest.length), static_cast<off_t>(rest.offset));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;
    if (got <= 0) return errno_error("read the rows for", shown);
    for (ssize_t done = 0; done < got;) {
      const auto written = ops.pwrite(to, chunk.data() + done, static_cast<std::size_t>(got - done), static_cast<off_t>(at));
      if (written < 0 && errno == EINTR) continue;
      if (written == 0) errno = ENOSPC;
      if (written <= 0) return errno_error("write", shown);
      done += written;
      at += static_cast<std::uint64_t>(written);
    }
    rest.offset += static_cast<std::uint64_t>(got);
    rest.length -= static_cast<std::uint64_t>(got);
  }
  return {};
}

Status copy_extent(int from, Extent rest, int to, std::uint64_t at, const Path& shown, FileOps& ops) {
  // One copy_file_range of a short extent costs more than reading and writing it.
  constexpr std::uint64_t worth_it = 1 << 16;
  while (rest.length >= worth_it) {
    auto in = static_cast<off_t>(rest.offset), out = static_cast<off_t>(at);
    const auto copied = ::copy_file_range(from, &in, to, &out, rest.length, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)) return errno_error("write", shown);
    if (copied <= 0) break;
    rest.offset += static_cast<std::uint64_t>(copied);
    rest.length -= static_cast<std::uint64_t>(copied);
    at += static_cast<std::uint64_t>(copied);
  }
  return copy_by_hand(from, rest, to, at, shown, ops);
}

}  // namespace

Status write_rows_file(int rows, std::vector<Extent> extents, RowOrder order, const Path& target, FileOps& ops) {
  if (order == RowOrder::mini_batch) {
    std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.mini_batch < b.mini_batch; });
  }
  MLPIPE_TRY_VOID(make_dirs(target.parent_path()));
  Path aside = target;
  aside += ".tmp-" + std::to_string(::getpid());
  const auto give_up = [&](Error error) {
    ::unlink(aside.c_str());
    return error;
  };
  MLPIPE_TRY(const Fd file, open_file(aside, O_WRONLY | O_CREAT | O_TRUNC));
  std::uint64_t at = 0;
  for (const auto& extent : joined(extents)) {
    if (auto copied = copy_extent(rows, extent, file.get(), at, target, ops); !copied) return give_up(copied.error());
    at += extent.length;
  }
  if (ops.rename(aside.c_str(), target.c_str()) != 0) return give_up(errno_error("write", target));
  return {};
}

}  // namespace mlpipe
