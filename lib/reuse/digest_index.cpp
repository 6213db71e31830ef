#include "reuse/digest_index.h"

#include <chrono>

#include "system/blake3.h"

namespace mlpipe {
namespace {

Path file_of(const Path& folder, const Path& root) { return folder / digest_of(root.native()).hex().substr(0, 32); }

}  // namespace

DigestIndex::DigestIndex(Path folder, const Clock& clock) : folder_(std::move(folder)), clock_(&clock) {}

std::optional<RootIndex> DigestIndex::load(const Path& root) const {
  const Path place = file_of(folder_, root);
  auto file = path_exists(place) ? read_file(place) : Result<std::string>(std::string());
  return file ? RootIndex::open(file.take(), root.native()) : std::nullopt;
}

void DigestIndex::save(const Path& root, RootIndex& index) const {
  if (!path_exists(folder_.parent_path())) return;  // no store: nothing to keep it in
  if (make_dirs(folder_)) (void)write_file(file_of(folder_, root), index.file());
}

std::optional<Path> root_of_index(const Path& file) {
  const auto text = RootIndex::root_in(file);
  if (!text || !text->starts_with('/')) return std::nullopt;
  return Path(text->substr(0, text->find('\n')));  // behind it: the pattern of a scan
}

std::int64_t DigestIndex::now_ns() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(clock_->wall().time_since_epoch()).count();
}

}  // namespace mlpipe
