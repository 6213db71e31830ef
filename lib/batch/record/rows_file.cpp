#include "batch/record/rows_file.h"

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

// Puts extents one behind the other. Short ones are gathered, so that thousands of small mini-batches are few writes;
// long ones are left to the kernel, which may share the blocks.
class Copier {
 public:
  Copier(int from, int to, const Path& shown, FileOps& ops) : from_(from), to_(to), shown_(shown), ops_(ops) {}

  Status add(Extent extent) {
    if (extent.length >= worth_a_call) MLPIPE_TRY_VOID(by_kernel(extent));
    while (extent.length > 0) {
      if (gathered_ == sizeof chunk_) MLPIPE_TRY_VOID(flush());
      MLPIPE_TRY_VOID(gather(extent));
    }
    return {};
  }

  Status put(std::string_view text) {
    while (!text.empty()) {
      if (gathered_ == sizeof chunk_) MLPIPE_TRY_VOID(flush());
      const auto taken = text.copy(chunk_ + gathered_, sizeof chunk_ - gathered_);
      gathered_ += taken;
      text.remove_prefix(taken);
    }
    return {};
  }

  Status flush() {
    for (std::size_t done = 0; done < gathered_;) {
      const auto written = ops_.pwrite(to_, chunk_ + done, gathered_ - done, static_cast<off_t>(at_));
      if (written < 0 && errno == EINTR) continue;
      if (written == 0) errno = ENOSPC;
      if (written <= 0) return errno_error("write", shown_);
      done += static_cast<std::size_t>(written);
      at_ += static_cast<std::uint64_t>(written);
    }
    gathered_ = 0;
    return {};
  }

 private:
  static constexpr std::uint64_t worth_a_call = 1 << 16;

  // What is left of `rest` afterwards must be copied by hand.
  Status by_kernel(Extent& rest) {
    MLPIPE_TRY_VOID(flush());
    while (rest.length > 0) {
      auto in = static_cast<off_t>(rest.offset), out = static_cast<off_t>(at_);
      const auto copied = ::copy_file_range(from_, &in, to_, &out, rest.length, 0);
      if (copied < 0 && errno == EINTR) continue;
      if (copied < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)) return errno_error("write", shown_);
      if (copied <= 0) return {};
      take(rest, static_cast<std::uint64_t>(copied));
      at_ += static_cast<std::uint64_t>(copied);
    }
    return {};
  }

  Status gather(Extent& rest) {
    const auto wanted = std::min<std::uint64_t>(sizeof chunk_ - gathered_, rest.length);
    const auto got = ::pread(from_, chunk_ + gathered_, wanted, static_cast<off_t>(rest.offset));
    if (got < 0 && errno == EINTR) return {};
    if (got == 0) errno = EIO;
    if (got <= 0) return errno_error("read the rows for", shown_);
    gathered_ += static_cast<std::size_t>(got);
    take(rest, static_cast<std::uint64_t>(got));
    return {};
  }

  static void take(Extent& extent, std::uint64_t size) {
    extent.offset += size;
    extent.length -= size;
  }

  int from_, to_;
  const Path& shown_;
  FileOps& ops_;
  std::uint64_t at_ = 0;
  std::size_t gathered_ = 0;
  char chunk_[1 << 17];
};

}  // namespace

Status write_rows_file(int rows, std::vector<Extent> extents, RowOrder order, const Path& target, const Path& aside, FileOps& ops,
                       std::string_view header) {
  if (order == RowOrder::mini_batch) {
    std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.mini_batch < b.mini_batch; });
  }
  MLPIPE_TRY_VOID(make_dirs(target.parent_path()));
  const auto give_up = [&](Error error) {
    ::unlink(aside.c_str());
    return error;
  };
  MLPIPE_TRY(const Fd file, open_file(aside, O_WRONLY | O_CREAT | O_TRUNC));
  Copier copier(rows, file.get(), target, ops);
  if (auto begun = copier.put(header); !begun) return give_up(begun.error());
  for (const auto& extent : joined(extents))
    if (auto copied = copier.add(extent); !copied) return give_up(copied.error());
  if (auto written = copier.flush(); !written) return give_up(written.error());
  if (ops.rename(aside.c_str(), target.c_str()) != 0) return give_up(errno_error("write", target));
  return {};
}

}  // namespace mlpipe
