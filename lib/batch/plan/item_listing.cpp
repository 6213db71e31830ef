#include "batch/plan/item_listing.h"

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
  for (std::size_t i = 0; i < tree.entries().size(); ++i) {
    const std::string& path = tree.entries()[i].path;
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

void ItemListing::keep_first(std::uint64_t count) {
  if (items() <= count) return;
  names.resize(offsets[count]);
  offsets.resize(count);
  while (!folders.empty() && folders.back().first >= count) folders.pop_back();
  if (!folders.empty()) folders.back().count = count - folders.back().first;
}

std::string ItemListing::prefix_of(const Folder& folder) const {
  std::string prefix = (inputs[folder.input].base / folder.path).string();
  if (!prefix.empty() && prefix.back() != '/') prefix += '/';
  return prefix;
}

std::string ItemListing::path_below(const Folder& folder, std::uint64_t item) const {
  return folder.path.empty() ? std::string(name(item)) : folder.path + "/" + std::string(name(item));
}

void ItemListing::write(PlanWriter& out) const {
  out.number(inputs.size()).number(folders.size());
  for (const auto& input : inputs) out.name(input.name);
  for (const auto& folder : folders) out.number(folder.input).number(folder.count).name(folder.path);
  out.text += names;
}

ItemListing ItemListing::read(PlanReader& in) {
  ItemListing listing;
  const auto inputs = in.count(), folders = in.number();
  for (std::uint64_t i = 0; in.good && i < inputs; ++i) listing.add_input(in.name(), {});
  std::uint64_t items = 0;
  for (std::uint64_t i = 0; in.good && i < folders; ++i) {
    const auto input = in.number(), count = in.count();
    if (input >= inputs || count == 0) in.good = false;
    listing.folders.push_back({static_cast<std::uint32_t>(input), in.name(), items, count});
    items += count;
  }
  for (std::uint64_t i = 0; in.good && i < items; ++i) {
    listing.offsets.push_back(listing.names.size());
    listing.names += in.name() + '\0';
  }
  return listing;
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
                 "check what the step before it wrote, or the path; a pattern counts from the input's folder"};
  }
  listing.add_input(name, path);
  for (const auto& [folder, items] : folders) {
    listing.add_folder(std::string(folder));
    for (const auto item : items) listing.add_item(name_of(tree.entries()[item].path));
  }
  return {};
}

}  // namespace mlpipe
