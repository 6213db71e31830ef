// Files and folders. Every function says in its error which path failed and why (strerror), kind step_failed unless said;
// ENOSPC, EDQUOT and EROFS become kind store. Descriptors are opened close-on-exec.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "system/fd.h"

namespace mlpipe {

using Path = std::filesystem::path;

// "no such file or directory": strerror as it stands in a message of ours.
std::string errno_reason(int error_number);
// An Error from errno: "cannot <action> <path>: <reason>".
Error errno_error(std::string_view action, const Path& path);
Error errno_error(std::string_view action, const Path& path, int error_number);

// What a power cut leaves of a written file. none: anything; content: the old or the new one, whole; synced: the new one.
enum class Durability { none, content, synced };

Result<Fd> open_file(const Path& path, int flags, unsigned mode = 0666);
Result<std::string> read_file(const Path& path);
// Reads up to `size` bytes at `offset`; fewer only where the file ends.
Result<std::size_t> read_at(int fd, std::uint64_t offset, char* to, std::size_t size, const Path& shown);
Status write_all(int fd, std::string_view bytes, const Path& shown);
// As much of it as can be written: how many bytes. Of fewer than all errno says why.
std::size_t write_most(int fd, std::string_view bytes);

// Part of the names of all that this process writes aside: "<pid>-<random>", for pids are not one of a kind where containers
// share a disk.
const std::string& process_mark();
// Writes aside ("<path>.tmp-<process mark>-<n>") and renames: readers see the old or the new file, never half of it.
Status write_file(const Path& path, std::string_view bytes, Durability durability = Durability::none);

// Files at any depth, sorted. What cannot be read, or is no file, is left out.
std::vector<Path> files_below(const Path& folder);

Status make_dirs(const Path& path);
Status sync_folder(const Path& path);
// Syncs every file and folder below (and including) `path`.
Status sync_tree(const Path& path);
Status rename_path(const Path& from, const Path& to);
// Removes a tree, also one with folders that lost their write permission; a missing one is fine.
Status remove_tree(const Path& path);

// Copies one file's bytes and executable bit, as a reflink where the file system can.
Status clone_file(const Path& from, const Path& to);
// Copies a folder or a file; links are followed, so the copy has none.
Status copy_tree(const Path& from, const Path& to);

bool path_exists(const Path& path);
bool is_folder(const Path& path);
bool is_file(const Path& path);

// Sorted names (bytewise) without "." and "..".
Result<std::vector<std::string>> list_folder(const Path& path);

Result<std::uint64_t> free_bytes(const Path& path);

// Absolute and normalised, links not resolved.
Path absolute_path(const Path& path);
// As a person in the working directory would type it: relative when that is below it, else absolute.
std::string shown_path(const Path& path);

}  // namespace mlpipe
