#include "reuse/verify.h"

#include <fmt/format.h>

#include "base/text.h"
#include "reuse/escape.h"
#include "reuse/scan.h"
#include "system/host.h"

namespace mlpipe {
namespace {

std::string_view name_of(TreeChange::Kind kind) {
  switch (kind) {
    case TreeChange::Kind::added: return "appeared";
    case TreeChange::Kind::removed: return "is gone";
    case TreeChange::Kind::changed: return "was changed";
  }
  return "";
}

std::string difference(const Store& store, const StoredOutput& output, const Tree& now) {
  if (!output.file.empty()) return fmt::format("its file {} was changed in the store", output.file);
  const auto listing = store.get_text(output.tree);
  const auto then = listing ? tree_from_text(*listing) : Result<Tree>(listing.error());
  if (!then || then->digest != output.tree) return "it was changed in the store";
  const auto changes = compare(*then, now);
  if (changes.empty()) return "it was changed in the store";
  const std::string more = changes.size() > 1 ? fmt::format(" and {} more", changes.size() - 1) : "";
  return fmt::format("{} {}{}", escape(changes.front().path), name_of(changes.front().kind), more);
}

Error damaged(const StoredOutput& output, std::string_view why) {
  return {ErrorKind::store, fmt::format("output {} is damaged: {}", output.name, why), "the step will run again"};
}

Result<Tree> verify_output(const Store& store, const StoredOutput& output, const ScanOptions& options) {
  const Path path = store.output_path(output);
  if (!path_exists(path)) return damaged(output, fmt::format("{} is missing", shown_path(path)));
  auto tree = scan_tree(path, options);
  if (!tree) return by_signal(tree.error().kind) ? tree.error() : damaged(output, tree.error().message);
  if (tree->digest == output.tree && tree->is_file == !output.file.empty()) return tree;
  return damaged(output, difference(store, output, *tree));
}

}  // namespace

Result<std::vector<Tree>> verify(const Store& store, const StepResult& result, DigestIndex* index, bool read_all) {
  const ScanOptions options{nullptr, "", index, usable_cores(), nullptr, read_all};
  std::vector<Tree> trees;
  for (const StoredOutput& output : result.outputs) {
    MLPIPE_TRY(trees.emplace_back(), verify_output(store, output, options));
  }
  return trees;
}

}  // namespace mlpipe
