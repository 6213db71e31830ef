// How large a store is: measured when somebody asks for it, and about known at the end of every run, from a note that
// publications add to.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "store/store.h"

namespace mlpipe {

// Bytes on disk of a file, or of a folder and all below it. What vanishes meanwhile or cannot be read counts nothing.
std::uint64_t disk_use(const Path& path);
// What an output takes on disk, about: whole blocks of 4 KB.
std::uint64_t about_size(const StoredOutput& output);

// Nothing: never measured, or the note is damaged.
std::optional<std::uint64_t> noted_size(const Store& store);
// The note, or else the result of measuring, which is then noted. Failing to note is silent.
std::uint64_t known_size(const Store& store);
void note_size(const Store& store, std::uint64_t bytes);
// Does nothing where there is no note yet.
void add_to_size(const Store& store, std::uint64_t bytes);

}  // namespace mlpipe
