#include "batch/item_listing.h"

#include <algorithm>
#include <map>

namespace mlpipe {
namespace {

// Bytewise by parts, so that "sub/x" comes before "sub-2" though '-' is before '/'.
struct ByParts {
  bool operator()(std::string_view a, std::string_view b) const {
    const auto rank = [](char byte) { return byte == '/' ? 0 : static_cast<unsigned char>(byte) + 1; };
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return rank(x) < rank(y); });
  }
};

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Entries are in the order of their whole paths, so those of one folder are in the order of their names.
std::map<std::string_view, std::vector<std::uint32_t>, ByParts> by_folder(const Tree& tree) {
  std::map<std::string_view, std::vector<std::uint32_t>, ByParts> folders;
  for (std::size_t i = 0; i < tree.entries.size(); ++i) {
    const std::string& path = tree.entries[i].path;
    if (!path.ends_with('/')) folders[folder_of(path)].push_back(static_cast<std::uint32_t>(i));
  }
  return folders;
}

}  // namespace

void ItemListing::add_item(std::string_view name) {
  offsets.push_back(names.size());
  names.append(name).push_back('\0');
  ++folders.back().count;
}

Status list_items(const std::string& name, const Path& path, const Tree& tree, ItemListing& listing) {
  if (tree.is_file) {
    listing.add_input(name, path.parent_path());
    listing.add_folder("");
    listing.add_item(path.filename().string());
    return {};
  }
  const auto folders = by_folder(tree);
  if (folders.empty()) {
    return Error{ErrorKind::step_failed, "input `" + name + "` has no files: " + shown_path(path),
                 "check what the step before it wrote, or the path and its pattern"};
  }
  listing.add_input(name, path);
  for (const auto& [folder, items] : folders) {
    listing.add_folder(std::string(folder));
    for (const auto item : items) listing.add_item(name_of(tree.entries[item].path));
  }
  return {};
}

}  // namespace mlpipe
