#include "run/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "base/units.h"
#include "reuse/escape.h"
#include "reuse/walk.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

constexpr std::uint64_t most_bytes = 300ull << 20;
constexpr std::size_t most_files = 2000;
constexpr std::size_t files_named = 3;
// Time stamps of files may lag behind the clock by a tick of the kernel.
constexpr std::chrono::milliseconds tick{10};

bool was_written(const Path& copy, const FoundFile& found, const Tree& code, std::int64_t began_ns) {
  const TreeEntry* entry = entry_at(code, found.path);
  if (!entry) return !found.is_folder();
  if (found.is_folder() || (found.key.size == entry->size && found.key.mtime_ns < began_ns)) return false;
  const auto digest = digest_file(copy / found.path);
  return !digest || *digest != entry->digest;
}

}  // namespace

std::optional<Advice> advise_snapshot(const Tree& code) {
  if (code.entries.size() <= most_files && code.bytes <= most_bytes) return std::nullopt;
  return Advice{fmt::format("its source directory has {} of {}: Azure takes at most 2000 files and 300 MB", plural(code.entries.size(), "file"),
                            format_bytes(code.bytes)),
                "name what is no code in .amlignore there"};
}

std::optional<Advice> advise_written_source(const Path& copy, const Tree& code, WallTime began) {
  const IgnoreRules droppings;
  const auto found = walk(copy, &droppings, "");
  if (!found) return std::nullopt;
  const auto began_ns = std::chrono::duration_cast<std::chrono::nanoseconds>((began - tick).time_since_epoch()).count();
  std::vector<std::string> written;
  for (const FoundFile& file : found->files)
    if (was_written(copy, file, code, began_ns)) written.push_back(escape(file.path));
  if (written.empty()) return std::nullopt;
  const std::size_t more = written.size() - std::min(written.size(), files_named);
  written.resize(written.size() - more);
  return Advice{fmt::format("it wrote into its source directory ({}{}): that was a private copy, and what it wrote there is lost", join(written, ", "),
                            more > 0 ? fmt::format(" and {} more", more) : ""),
                "write to an output, ${{outputs.NAME}}"};
}

}  // namespace mlpipe
