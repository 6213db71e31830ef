#include "run/model_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "scoring/package/model_format.h"
#include "scoring/package/unpack.h"
#include "system/file_digest.h"
#include "system/process.h"

namespace mlpipe {
namespace {

Status unpack_once(const Path& package, const Path& folder) {
  if (path_exists(folder)) {
    (void)::utimensat(AT_FDCWD, folder.c_str(), nullptr, 0);  // gc removes what nobody has used for long
    return {};
  }
  const Path aside = fmt::format("{}.tmp-{}-", folder.string(), process_mark());
  auto unpacked = unpack_package(package, aside);
  if (unpacked) unpacked = sync_tree(aside);  // a folder of this name is machine code that is trusted
  if (unpacked) unpacked = rename_path(aside, folder);
  if (!unpacked) (void)remove_tree(aside);
  return path_exists(folder) ? Status() : unpacked;  // somebody else may have been quicker
}

Result<Path> unpacked(const Path& models, const Path& package) {
  MLPIPE_TRY(const Digest digest, digest_file(package));
  const Path folder = models / digest.hex();
  MLPIPE_TRY_VOID(make_dirs(models));
  MLPIPE_TRY_VOID(unpack_once(package, folder));
  return folder;
}

}  // namespace

Result<Path> place_of_model(const Path& models, const Path& model, const std::string& device) {
  MLPIPE_TRY(const ModelFormat format, runnable_format(model));
  if (format != ModelFormat::aoti_package) return model;
  MLPIPE_TRY(const Path folder, is_folder(model) ? Result<Path>(model) : unpacked(models, model));
  MLPIPE_TRY(const PackageFacts facts, package_facts(folder));
  MLPIPE_TRY_VOID(check_package(facts, device));
  return folder;
}

}  // namespace mlpipe
