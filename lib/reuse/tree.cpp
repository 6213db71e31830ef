#include "reuse/tree.h"

namespace mlpipe {
namespace {

constexpr std::size_t hashed_at_once = 64 * 1024;

}  // namespace

const std::vector<TreeEntry>& Tree::entries() const {
  if (!entries_) entries_ = std::make_shared<const std::vector<TreeEntry>>(source_ ? source_->entries() : std::vector<TreeEntry>());
  return *entries_;
}

TreeHasher::TreeHasher(std::uint64_t count, bool is_file) {
  totals_.count = count;
  totals_.is_file = is_file;
  hasher_.field("mlpipe tree 1").field(is_file ? "file" : "folder").number(count);
}

void TreeHasher::number(std::uint64_t value) {
  for (int byte = 0; byte < 8; ++byte) waiting_ += static_cast<char>(value >> 8 * byte);
}

void TreeHasher::add(std::string_view folder, std::string_view name, std::uint64_t size, bool executable, const Digest& digest) {
  number(folder.size() + name.size());
  waiting_.append(folder).append(name);
  number(size);
  number(executable ? 1 : 0);
  waiting_.append(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
  totals_.bytes += size;
  if (waiting_.size() < hashed_at_once) return;
  hasher_.bytes(waiting_);
  waiting_.clear();
}

TreeTotals TreeHasher::finish() {
  totals_.digest = hasher_.bytes(waiting_).finish();
  return totals_;
}

Tree make_tree(std::vector<TreeEntry> entries, bool is_file) {
  TreeHasher hasher(entries.size(), is_file);
  for (const TreeEntry& entry : entries) hasher.add("", entry.path, entry.size, entry.executable, entry.digest);
  return {hasher.finish(), std::move(entries)};
}

std::vector<TreeChange> compare(const Tree& before, const Tree& after) {
  using enum TreeChange::Kind;
  std::vector<TreeChange> changes;
  auto old = before.entries().begin();
  auto now = after.entries().begin();
  const auto old_end = before.entries().end(), now_end = after.entries().end();
  while (old != old_end || now != now_end) {
    const bool only_old = now == now_end || (old != old_end && old->path < now->path);
    const bool only_now = old == old_end || (now != now_end && now->path < old->path);
    if (only_old) changes.push_back({removed, old->path, old->digest, {}});
    else if (only_now) changes.push_back({added, now->path, {}, now->digest});
    else if (*old != *now) changes.push_back({changed, old->path, old->digest, now->digest});
    if (!only_now) ++old;
    if (!only_old) ++now;
  }
  return changes;
}

}  // namespace mlpipe
