// A scanned root as it is kept in an index file: every folder and file that counts, with its stat data and digest, and the tree's
// totals. Read in place: nothing is decoded before it is asked for.
//
// The file: magic, checksum (BLAKE3 of all behind it), header, folders (in bytewise order of their paths), items (each folder's
// together, in the order of the walk), names. Numbers are as this machine has them: an index is not for others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "reuse/stat_key.h"
#include "reuse/tree.h"
#include "system/files.h"

namespace mlpipe {

class RootIndex final : public EntrySource {
 public:
  struct Folder {
    StatKey key;
    std::uint64_t first = 0, count = 0;  // of its items
    std::uint64_t path_at = 0, path_size = 0;
    std::uint64_t settled = 0;           // listing it again would give the same as long as its stat data are the same
  };
  struct Item {
    StatKey key;
    Digest digest;
    std::uint64_t name_at = 0;
    std::uint32_t name_size = 0;         // of a folder's name with its '/'
    std::uint16_t settled = 0, is_folder = 0;
  };

  // The root that an index file says it is of, reading no more of it. Nothing: not an index.
  static std::optional<std::string> root_in(const Path& file);
  // Nothing: not whole, or not of this root.
  static std::optional<RootIndex> open(std::string file, std::string_view root);

  const TreeTotals& totals() const { return header_.totals; }
  const Digest& options() const { return header_.options; }  // of the scan: what counts and what not
  std::vector<TreeEntry> entries() const override;

  std::size_t folder_count() const { return header_.folder_count; }  // 0: the root is a file, and the only item
  std::size_t item_count() const { return header_.item_count; }
  Folder folder(std::size_t number) const;
  Item item(std::size_t number) const;
  std::string_view path(const Folder& folder) const { return text(folder.path_at, folder.path_size); }  // "" or "a/b/"
  std::string_view name(const Item& item) const { return text(item.name_at, item.name_size); }

  std::optional<std::size_t> find_folder(std::string_view path) const;
  std::optional<std::size_t> find_item(const Folder& folder, std::string_view name) const;

  // With its checksum, which tells one from another.
  const std::string& file();
  Digest checksum();

 private:
  friend class RootIndexWriter;
  struct Header {  // offsets are in the file
    TreeTotals totals;
    Digest options;
    std::uint64_t folders_at = 0, folder_count = 0, items_at = 0, item_count = 0, names_at = 0, root_size = 0;
    std::uint64_t keeps_empty_folders = 0;
  };
  explicit RootIndex(std::string file);
  std::string_view text(std::uint64_t at, std::uint64_t size) const;
  template <class Visit>
  bool visit_folder(std::size_t& next, const Visit& visit) const;
  template <class Visit>
  void visit_entries(const Visit& visit) const;
  void add_totals();

  std::string file_;
  Header header_;
  bool sealed_ = false;
};

class RootIndexWriter {
 public:
  // `keeps_empty_folders`: they are entries of the tree.
  RootIndexWriter(std::string_view root, const Digest& options, bool keeps_empty_folders);

  // In the order of the walk: a folder's items after it, folders below it after those.
  void folder(std::string_view path, const StatKey& key, bool settled);
  void item(std::string_view name, const StatKey& key, const Digest& digest, bool settled);  // a folder's name ends with '/'
  RootIndex finish();

 private:
  std::string root_;
  Digest options_;
  bool keeps_empty_folders_;
  std::string folders_, items_, names_;
  std::uint64_t folder_count_ = 0, item_count_ = 0;
  RootIndex::Folder open_;
};

}  // namespace mlpipe
