#include "run/advice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "reuse/escape.h"
#include "reuse/ignore.h"

namespace mlpipe {
namespace {

constexpr std::uint64_t most_bytes = 300ull << 20;
constexpr std::size_t most_files = 2000;
constexpr std::size_t files_named = 3;

// It or a folder above it.
bool is_dropping(const IgnoreRules& droppings, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    if (droppings.ignores(path.substr(0, slash), true)) return true;
  return droppings.ignores(path, false);
}

}  // namespace

std::optional<Advice> advise_snapshot(const Tree& code) {
  if (code.count <= most_files && code.bytes <= most_bytes) return std::nullopt;
  return Advice{fmt::format("its source directory has {} of {}: Azure takes at most 2000 files and 300 MB", plural(code.count, "file"),
                            format_bytes(code.bytes)),
                "name what is no code in .amlignore there"};
}

std::optional<Advice> advise_written_source(const std::vector<TreeChange>& changes) {
  const IgnoreRules droppings;
  std::vector<std::string> written;
  for (const TreeChange& change : changes)
    if (!is_dropping(droppings, change.path)) written.push_back(escape(change.path));
  if (written.empty()) return std::nullopt;
  const std::size_t more = written.size() - std::min(written.size(), files_named);
  written.resize(written.size() - more);
  return Advice{fmt::format("it wrote into its source directory ({}{}): that was a private copy, and what it wrote there is lost", join(written, ", "),
                            more > 0 ? fmt::format(" and {} more", more) : ""),
                "write to an output, ${{outputs.NAME}}"};
}

}  // namespace mlpipe
