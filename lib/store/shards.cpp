#include "store/shards.h"

#include <sys/stat.h>

#include <cerrno>

namespace mlpipe {

Status make_shard(const Path& path) {
  const Path shard = path.parent_path(), above = shard.parent_path();
  if (::mkdir(shard.c_str(), 0777) == 0) return sync_folder(above);
  if (errno == EEXIST) return {};
  if (errno != ENOENT) return errno_error("create folder", shard);
  MLPIPE_TRY_VOID(make_dirs(shard));
  MLPIPE_TRY_VOID(sync_folder(above));
  return sync_folder(above.parent_path());
}

}  // namespace mlpipe
