// The items that the inputs of a parallel step hold, in the order in which they are scored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "batch/plan/plan_text.h"
#include "reuse/tree.h"
#include "system/files.h"

namespace mlpipe {

// Compact, as there may be millions: names lie in one text, each ended by a zero byte.
struct ItemListing {
  struct Folder {
    std::uint32_t input = 0;        // index of the input
    std::string path;               // relative to the input's folder, "" is that itself
    std::uint64_t first = 0, count = 0;  // its items
  };
  struct Input {
    std::string name;
    Path base;  // folder below which everything lies; of a single file, the one it lies in
  };

  std::vector<Input> inputs;
  std::vector<Folder> folders;  // none is empty
  std::string names;
  std::vector<std::uint64_t> offsets;  // of each item's name in names

  std::uint64_t items() const { return offsets.size(); }
  std::string_view name(std::uint64_t item) const { return names.data() + offsets[item]; }

  void add_input(std::string name, Path base) { inputs.push_back({std::move(name), std::move(base)}); }
  // A folder without items of the input added last; add_item adds to the folder added last.
  void add_folder(std::string path) { folders.push_back({static_cast<std::uint32_t>(inputs.size() - 1), std::move(path), items(), 0}); }
  void add_item(std::string_view name);
  void keep_first(std::uint64_t count);
  // What stands before the names of a folder's items, ending with '/'; empty: nothing.
  std::string prefix_of(const Folder& folder) const;
  // The path of an item below its input's base.
  std::string path_below(const Folder& folder, std::uint64_t item) const;

  // Part of a saved plan: the numbers of inputs and of folders; each input's name; each folder: input, count, path; all names.
  void write(PlanWriter& out) const;
  // The inverse, up to the end of the text; bases are empty.
  static ItemListing read(PlanReader& in);
};

// Lists an input behind those in `listing`, from its tree: a file is one item; of a folder the items of each folder come before
// those of its sub-folders, names sorted bytewise. The disk is not looked at. Error: there is no file.
Status list_items(const std::string& name, const Path& path, const Tree& tree, ItemListing& listing);

}  // namespace mlpipe
