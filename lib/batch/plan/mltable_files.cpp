#include "batch/plan/mltable_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "reuse/ignore.h"

namespace mlpipe {
namespace {

Error nothing_there(const MLTable& table, const MLTable::Place& place) {
  const std::string where = fmt::format("{}:{}:{}", shown_path(table.folder / "MLTable"), place.where.line, place.where.column);
  if (place.pattern.empty())
    return {ErrorKind::step_failed, fmt::format("{}: {} is named, but no file is there", where, place.written), "its paths count from the folder that it lies in"};
  return {ErrorKind::step_failed, fmt::format("{}: no file matches {}", where, place.written), fmt::format("looked below {}; `*` stops at a slash, `**` does not", shown_path(place.path))};
}

// Of a path below a folder: what stands behind the folder; nothing: it is not in it.
std::optional<std::string_view> below(std::string_view path, std::string_view folder) {
  if (folder.empty()) return path;
  if (!path.starts_with(folder) || path.size() <= folder.size() || path[folder.size()] != '/') return std::nullopt;
  return path.substr(folder.size() + 1);
}

// The file `at`, or the files below the folder `at`, of a tree.
std::vector<std::string> choose(const Tree& tree, const std::string& at, const std::string& pattern) {
  std::vector<std::string> files;
  for (const TreeEntry& entry : tree.entries()) {
    if (entry.path.ends_with('/')) continue;
    const auto rest = below(entry.path, at);
    const bool itself = pattern.empty() && entry.path == at;
    if (!itself && (entry.path == "MLTable" || entry.path.ends_with("/MLTable"))) continue;
    if (itself || (rest && (pattern.empty() || wildcard_match(pattern, *rest)))) files.push_back(entry.path);
  }
  return files;
}

std::string path_within(const MLTable& table, const Path& path) {
  const std::string relative = path.lexically_relative(table.folder).string();
  return relative == "." ? "" : relative;
}

std::vector<std::string> chosen_beyond(const DataBeyond& data) {
  if (data.tree->is_file) return {data.path.string()};
  std::vector<std::string> files = choose(*data.tree, "", data.pattern);
  for (std::string& file : files) file = (data.path / file).string();
  return files;
}

void keep_window(const MLTable& table, std::vector<std::string>& files) {
  files.erase(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(table.skip, files.size())));
  if (table.take && *table.take < files.size()) files.resize(*table.take);
}

}  // namespace

bool lies_within(const MLTable& table, const MLTable::Place& place) {
  const auto relative = place.path.lexically_relative(table.folder);
  return !relative.empty() && *relative.begin() != "..";
}

Result<std::vector<std::string>> mltable_files(const MLTable& table, const Tree& within, const std::vector<DataBeyond>& beyond) {
  std::vector<std::string> files;
  auto next = beyond.begin();
  for (const MLTable::Place& place : table.places) {
    const auto chosen = lies_within(table, place) ? choose(within, path_within(table, place.path), place.pattern) : chosen_beyond(*next++);
    if (chosen.empty()) return nothing_there(table, place);
    files.insert(files.end(), chosen.begin(), chosen.end());
  }
  if (!table.is_table()) keep_window(table, files);
  return files;
}

}  // namespace mlpipe
